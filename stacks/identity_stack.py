"""Machine identity: the pool that agents get their tokens from, and what keeps credentials and claims (R2, R3, R4)."""

from __future__ import annotations

from aws_cdk import Duration, aws_sns as sns
from constructs import Construct

from foundation.function_alarms import FunctionAlarms
from foundation.machine_identity import MachineIdentity
from foundation.secret_rotation import SecretRotation
from foundation.tenant import OwnPool
from foundation.token_claims import TokenClaims
from stacks.foundation_stack import FoundationStack
from stacks.settings import CognitoProvider, Settings

TOKENS_AT_A_TIME = 10
"""Cognito gives out 150 tokens a second for client credentials unless a quota is raised, and a claim takes milliseconds
(https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html)."""

LEAST_TOKENS_REFUSED = 5
"""Requests for a token that fail within five minutes before somebody is told. The trigger fails for a suspended or
unknown client too, since that is how Cognito learns that there is to be no token; one that asks now and then is no
alarm."""


class IdentityStack(FoundationStack):
    """User pool, the rotation of its clients' secrets, and the trigger that writes claims.

    The clients themselves are in their tenants' stacks. An environment whose tokens another provider issues has no such
    stack.

    Attributes:
        pool: the pool, and how its clients' secrets are kept.
    """

    def __init__(self, scope: Construct, *, settings: Settings, warnings: sns.ITopic) -> None:
        """Make the stack from the environment's `identity` section.

        Args:
            scope: the app.
            settings: the environment's settings.
            warnings: where the alarm goes when tokens are not made.

        Raises:
            BundleError: a function cannot be bundled.
        """
        super().__init__(scope, "identity", settings=settings, description="Machine identity of agents")
        key = self.key("SecretsKey", alias="secrets", description="Logs and variables of machine identity")
        log_keeping = self.log_keeping(key)
        identity = MachineIdentity(
            self,
            "Identity",
            domain_prefix=settings.token_domain(self.account),
            servers=settings.environment.tool_servers,
            access_token_validity=Duration.minutes(settings.environment.identity.access_token_minutes),
            retain=self.retain,
        )
        claims = TokenClaims(
            self,
            "TokenClaims",
            environment=settings.name,
            directory=self.directory,
            concurrency=TOKENS_AT_A_TIME,
            log_keeping=log_keeping,
        )
        identity.write_claims(claims.function)
        FunctionAlarms(
            self,
            "TokenClaimsAlarms",
            function=claims.function,
            topic=warnings,
            errors="Agents get no token: the trigger of claims fails, or clients ask that are suspended or unknown",
            least_errors=LEAST_TOKENS_REFUSED,
        )
        rotation = SecretRotation(
            self,
            "SecretRotation",
            user_pool=identity.user_pool,
            token_endpoint=identity.token_endpoint,
            secret_prefix=settings.agent_secrets,
            log_keeping=log_keeping,
        )
        self.pool = OwnPool(
            identity=identity,
            rotation=rotation,
            secret_prefix=settings.agent_secrets,
            rotate_every=Duration.days(settings.environment.identity.secret_rotation_days),
        )
        self.output("UserPoolId", identity.user_pool.user_pool_id, "The pool whose clients are agents")
        self.output("TokenEndpoint", identity.token_endpoint, "Where client credentials become a token")
        self.output("DiscoveryUrl", identity.discovery_url, "OpenID configuration of the token issuer")


def own_pool(scope: Construct, *, settings: Settings, warnings: sns.ITopic) -> OwnPool | None:
    """The pool of a new identity stack; None, and no stack, where another provider issues the tokens.

    Args:
        scope: the app.
        settings: the environment's settings.
        warnings: where the alarm goes when tokens are not made.

    Raises:
        BundleError: a function cannot be bundled.
    """
    if isinstance(settings.environment.identity.provider, CognitoProvider):
        return IdentityStack(scope, settings=settings, warnings=warnings).pool
    return None
