"""Machine identity: a user pool without users, whose clients are agents (R2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack, aws_cognito as cognito
from constructs import Construct

from foundation.acknowledge import acknowledge

SCOPES = {"read": "Call tools that read", "write": "Call tools that change something"}
"""Every tool server's scopes, with what a consent page would say."""


class MachineIdentity(Construct):
    """A Cognito user pool for the client-credentials grant (RFC 6749 §4.4).

    Attributes:
        user_pool: the pool. It has no users and no sign-up; on the Essentials plan, which the access-token trigger
            V3 needs (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html).
        domain: what answers at the token endpoint.
        token_endpoint: URL at which a client's id and secret become a token.
        discovery_url: the pool's OpenID configuration; its issuer is what tokens carry.
        scopes: every scope of every tool server, `<server>/<scope>`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_prefix: str,
        servers: Iterable[str],
        access_token_validity: Duration,
        retain: bool,
    ) -> None:
        """Make the pool, its domain, and a resource server with scopes per tool server.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there; it fixes the pool's logical id, which must never change.
            domain_prefix: first label of the token endpoint's host, unique in the region.
            servers: names of the tool servers.
            access_token_validity: lifetime of tokens.
            retain: keep the pool when the stack goes, and protect it from deletion.
        """
        super().__init__(scope, construct_id)
        self._validity = access_token_validity
        self.user_pool = cognito.UserPool(
            self,
            "UserPool",
            self_sign_up_enabled=False,
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            sign_in_case_sensitive=False,
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            password_policy=cognito.PasswordPolicy(
                min_length=16, require_digits=True, require_lowercase=True, require_symbols=True, require_uppercase=True
            ),
            account_recovery=cognito.AccountRecovery.NONE,
            deletion_protection=retain,
            # Kept even when its first creation fails, for the reason that ConversationTable gives.
            removal_policy=RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY,
        )
        acknowledge(
            self.user_pool,
            {
                "AwsSolutions-COG8": "Plus adds threat protection to users' sign-ins, and this pool has no users: "
                "AllowAdminCreateUserOnly is true and its clients allow the client-credentials grant alone "
                "(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-sign-in-feature-plans.html)"
            },
        )
        self.domain = self.user_pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=domain_prefix)
        )
        self._resource_servers = {server: self._add_resource_server(server) for server in servers}
        region = Stack.of(self).region
        self.token_endpoint = f"https://{domain_prefix}.auth.{region}.amazoncognito.com/oauth2/token"
        self.discovery_url = f"{self.user_pool.user_pool_provider_url}/.well-known/openid-configuration"

    @property
    def scopes(self) -> list[str]:
        """Every scope of every tool server, `<server>/<scope>`."""
        return [f"{server}/{name}" for server in self._resource_servers for name in SCOPES]

    def _add_resource_server(self, server: str) -> Mapping[str, cognito.OAuthScope]:
        scopes = {
            name: cognito.ResourceServerScope(scope_name=name, scope_description=description)
            for name, description in SCOPES.items()
        }
        resource_server = self.user_pool.add_resource_server(
            f"Server-{server}", identifier=server, scopes=list(scopes.values())
        )
        return {name: cognito.OAuthScope.resource_server(resource_server, scope) for name, scope in scopes.items()}

    def add_client(self, construct_id: str, *, name: str, scopes: Sequence[str]) -> cognito.UserPoolClient:
        """A confidential client that may get tokens with `scopes` by client credentials, and by nothing else.

        Args:
            construct_id: its id in this construct.
            name: what the pool calls it.
            scopes: `<server>/<scope>` each.

        Raises:
            KeyError: a scope belongs to no tool server of this pool.
        """
        client = self.user_pool.add_client(
            construct_id,
            user_pool_client_name=name,
            generate_secret=True,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True),
                scopes=[self._scope(scope) for scope in scopes],
            ),
            access_token_validity=self._validity,
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
            supported_identity_providers=[],
        )
        resource = client.node.default_child
        assert isinstance(resource, cognito.CfnUserPoolClient)  # noqa: S101 - tells the type checker what the L2 holds
        # Left out, as the L2 does, it means three ways for users to sign in; this one takes a token to start with
        # (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html).
        resource.explicit_auth_flows = ["ALLOW_REFRESH_TOKEN_AUTH"]
        return client

    def _scope(self, scope: str) -> cognito.OAuthScope:
        server, _, name = scope.partition("/")
        return self._resource_servers[server][name]
