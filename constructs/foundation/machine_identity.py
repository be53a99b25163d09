"""Machine identity: a user pool without users, whose clients are agents (R2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack, aws_cognito as cognito, aws_lambda as lambda_
from constructs import Construct

from foundation.acknowledge import acknowledge

SCOPES = {"read": "Call tools that read", "write": "Call tools that change something"}
"""Every tool server's scopes, with what a consent page would say."""


def token_host(domain_prefix: str, region: str) -> str:
    """The host of the token endpoint of a pool whose domain begins with `domain_prefix`.

    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
    """
    return f"{domain_prefix}.auth.{region}.amazoncognito.com"


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
        servers: Collection[str],
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
        self.scopes = [f"{server}/{name}" for server in servers for name in SCOPES]
        for server in servers:
            self._add_resource_server(server)
        region = Stack.of(self).region
        self.token_endpoint = f"https://{token_host(domain_prefix, region)}/oauth2/token"
        self.discovery_url = f"{self.user_pool.user_pool_provider_url}/.well-known/openid-configuration"

    def _add_resource_server(self, server: str) -> None:
        scopes = [
            cognito.ResourceServerScope(scope_name=name, scope_description=description)
            for name, description in SCOPES.items()
        ]
        self.user_pool.add_resource_server(f"Server-{server}", identifier=server, scopes=scopes)

    def add_client(
        self, scope: Construct, construct_id: str, *, name: str, scopes: Sequence[str]
    ) -> cognito.CfnUserPoolClient:
        """A confidential client that may get tokens with `scopes` by client credentials, and by nothing else.

        It is made with the L1: the L2 belongs to the pool's stack, and an agent's client to its tenant's. A stack that
        names the pool is deployed after the pool's, so that the scopes exist.

        Args:
            scope: the construct that it belongs to, in whichever stack.
            construct_id: its id there.
            name: what the pool calls it.
            scopes: `<server>/<scope>` each.

        Raises:
            KeyError: a scope belongs to no tool server of this pool.
        """
        if unknown := sorted(set(scopes) - set(self.scopes)):
            raise KeyError(f"{name}: no tool server of the pool has the scope {unknown[0]}")
        return cognito.CfnUserPoolClient(
            scope,
            construct_id,
            user_pool_id=self.user_pool.user_pool_id,
            client_name=name,
            generate_secret=True,
            allowed_o_auth_flows_user_pool_client=True,
            allowed_o_auth_flows=["client_credentials"],
            allowed_o_auth_scopes=[*scopes],
            access_token_validity=self._validity.to_minutes(),
            token_validity_units={"accessToken": "minutes"},
            enable_token_revocation=True,
            prevent_user_existence_errors="ENABLED",
            # Left out, it means three ways for users to sign in; this one takes a token to start with
            # (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html).
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
        )

    def write_claims(self, function: lambda_.IFunction) -> None:
        """Have `function` asked before each token: no token leaves the pool without it.

        V3 is the first version that is asked for client credentials
        (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html).
        """
        self.user_pool.add_trigger(
            cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, function, cognito.LambdaVersion.V3_0
        )
