"""Machine identity: who an agent is, and the credentials it proves it with (R2, R4)."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from foundation.machine_identity import MachineIdentity
from foundation.rotated_secret import AgentCredentials
from foundation.secret_rotation import SecretRotation
from stacks.foundation_stack import FoundationStack
from stacks.settings import AgentSettings, Settings


class IdentityStack(FoundationStack):
    """User pool, one client and one rotated secret per agent.

    Attributes:
        identity: the pool with its resource servers.
        client_ids: client id of each agent, by `<tenant>/<agent>`.
        credentials: secret of each agent, by `<tenant>/<agent>`.
    """

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        """Make the stack from the environment's `identity` section and the tenants."""
        super().__init__(scope, "identity", settings=settings, description="Machine identity of agents")
        self.secrets_key = self.key("SecretsKey", alias="secrets", description="Agents' client secrets")
        self.identity = MachineIdentity(
            self,
            "Identity",
            domain_prefix=f"{settings.prefix}-{self.account}",
            servers=settings.environment.tool_servers,
            access_token_validity=Duration.minutes(settings.environment.identity.access_token_minutes),
            retain=self.retain,
        )
        self._secret_prefix = f"{settings.project}/{settings.name}/agents/"
        self.rotation = SecretRotation(
            self,
            "SecretRotation",
            user_pool=self.identity.user_pool,
            token_endpoint=self.identity.token_endpoint,
            secret_prefix=self._secret_prefix,
            log_keeping=self.log_keeping(self.secrets_key),
        )
        # The first rotation starts with the first schedule, and asks for a token at the pool's domain.
        self.rotation.node.add_dependency(self.identity.domain)
        self.client_ids: dict[str, str] = {}
        self.credentials: dict[str, AgentCredentials] = {}
        for tenant in settings.tenants:
            for name, agent in tenant.agents.items():
                self._add_agent(f"{tenant.tenant}/{name}", agent)
        self.output("UserPoolId", self.identity.user_pool.user_pool_id, "The pool whose clients are agents")
        self.output("TokenEndpoint", self.identity.token_endpoint, "Where client credentials become a token")
        self.output("DiscoveryUrl", self.identity.discovery_url, "OpenID configuration of the token issuer")

    def _add_agent(self, agent: str, settings: AgentSettings) -> None:
        """One agent: its client, and the secret that holds its credentials."""
        construct_id = agent.replace("/", "--")
        client = self.identity.add_client(construct_id, name=agent.replace("/", "."), scopes=settings.scopes)
        self.client_ids[agent] = client.user_pool_client_id
        self.credentials[agent] = AgentCredentials(
            self,
            f"Credentials-{construct_id}",
            name=f"{self._secret_prefix}{agent}",
            agent=agent,
            client=client,
            rotation=self.rotation,
            rotate_every=Duration.days(self.settings.environment.identity.secret_rotation_days),
            key=self.secrets_key,
            reader_arns=settings.principals.get(self.settings.name, ()),
            retain=self.retain,
        )
