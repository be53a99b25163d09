"""Everything of one tenant (R19)."""

from __future__ import annotations

from aws_cdk import Tags, aws_sns as sns
from constructs import Construct

from foundation.tenant import TAG, AgentPlan, Budget, OwnPool, Tenant
from stacks.foundation_stack import FoundationStack
from stacks.gateway_stack import GatewayStack
from stacks.settings import AgentSettings, OidcProvider, Settings, TenantSettings


class TenantStack(FoundationStack):
    """Key, agents, log group, policies and budget of one tenant. Nothing outside it refers to it.

    Attributes:
        tenant: what it has.
        keeping: how its logs are kept, under the tenant's own key.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        tenant: TenantSettings,
        pool: OwnPool | None,
        gateway: GatewayStack,
        warnings: sns.ITopic,
    ) -> None:
        """Make the stack from `config/tenants/<tenant>.yaml`.

        Args:
            scope: the app.
            settings: the environment's settings.
            tenant: the tenant.
            pool: where its agents have their clients; None with an identity provider outside the kit.
            gateway: whose policies its own are added to.
            warnings: what is told of its budget.
        """
        name = tenant.tenant
        super().__init__(scope, f"tenant-{name}", settings=settings, description=f"Tenant {name}")
        Tags.of(self).add(TAG, name)
        key = self.key("TenantKey", alias=f"tenant-{name}", description=f"Secrets and logs of the tenant {name}")
        self.keeping = self.log_keeping(key)
        self.tenant = Tenant(
            self,
            "Tenant",
            tenant=name,
            agents=[self._agent(tenant, each, agent) for each, agent in tenant.agents.items()],
            suspended=tenant.suspended,
            pool=pool,
            directory=self.directory,
            log_keeping=self.keeping,
            log_group_name=f"{self.path}/tenants/{name}",
            budget=self._budget(tenant, warnings),
        )
        self.tenant.add_policies(
            settings.access.tenant_policies.get(name, ()),
            environment=settings.prefix,
            engine_id=gateway.engine.engine_id,
            gateway_arn=gateway.gateway.gateway.gateway_arn,
        )
        # Said in every tenant's stack, so that no other changes with the first tenant that has policies or a budget.
        self.output("GatewayArn", gateway.gateway.gateway.gateway_arn, "The gateway that its agents call")
        self.output("PolicyEngineId", gateway.engine.engine_id, "Where the policies of its groups are")
        self.output("WarningsTopic", warnings.topic_arn, "What is told when its budget is nearly spent")

    def _budget(self, tenant: TenantSettings, warnings: sns.ITopic) -> Budget | None:
        if tenant.budget_usd is None:
            return None
        return Budget(name=f"{self.settings.prefix}-{tenant.tenant}", usd=tenant.budget_usd, topic=warnings)

    def _agent(self, tenant: TenantSettings, name: str, agent: AgentSettings) -> AgentPlan:
        external = isinstance(self.settings.environment.identity.provider, OidcProvider)
        return AgentPlan(
            name=name,
            scopes=agent.scopes,
            entry=self.settings.access.directory[f"{tenant.tenant}/{name}"],
            suspended=agent.suspended,
            client_id=agent.client_id if external else None,
            reader_arns=agent.principals.get(self.settings.name, ()),
        )
