"""The agents of one tenant that people talk to (R15, R16)."""

from __future__ import annotations

from aws_cdk import Duration, Tags, aws_sns as sns
from constructs import Construct

from foundation.conversation_agent import ConversationAgent, ConversationPlan
from foundation.function import FunctionSize
from foundation.network import Network
from foundation.tenant import TAG
from stacks.data_stack import DataStack
from stacks.foundation_stack import FoundationStack
from stacks.gateway_stack import GatewayStack
from stacks.model_choice import model_access, scripted_model
from stacks.settings import AgentServiceSettings, ConversationSettings, Settings, TenantSettings
from stacks.tenant_stack import TenantStack


class AgentServiceStack(FoundationStack):
    """A service for each agent of a tenant with `conversation`. Nothing outside it refers to it."""

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        tenant: TenantSettings,
        tenant_stack: TenantStack,
        network: Network,
        data: DataStack,
        gateway: GatewayStack,
        warnings: sns.ITopic,
    ) -> None:
        """Make the stack from `config/tenants/<tenant>.yaml` and the environment's `agent_service` and `models`.

        Args:
            scope: the app.
            settings: the environment's settings.
            tenant: the tenant.
            tenant_stack: holds its agents' credentials, and the key that its logs are under too.
            network: where functions in a VPC run.
            data: holds the table of conversations.
            gateway: where the agents find their tools.
            warnings: what is told when an agent fails.

        Raises:
            BundleError: the service cannot be bundled.
            SettingsError: a scripted model is asked for where none may be.
        """
        name = tenant.tenant
        super().__init__(
            scope, f"agent-service-{name}", settings=settings, description=f"Agents of the tenant {name} to talk to"
        )
        Tags.of(self).add(TAG, name)
        self._tenant, self._tenant_stack, self._data, self._gateway = tenant, tenant_stack, data, gateway
        self._network, self._warnings = network, warnings
        for agent, conversation in tenant.conversations.items():
            self._add(agent, conversation, _service(settings))

    def _add(self, agent: str, conversation: ConversationSettings, service: AgentServiceSettings) -> None:
        tenant, settings = self._tenant.tenant, self.settings
        url_parameter = f"{self.path}/agent-service/{tenant}/{agent}/url"
        made = ConversationAgent(
            self,
            f"Agent-{agent}",
            plan=ConversationPlan(
                tenant=tenant,
                agent=agent,
                environment=settings.name,
                callers=conversation.callers,
                credentials=self._tenant_stack.tenant.credentials[agent],
                table=self._data.conversations,
                gateway_url=self._gateway.gateway.url,
                model=model_access(settings, conversation.model),
                scripted=scripted_model(self, settings),
            ),
            size=FunctionSize(
                memory_mb=service.memory_mb,
                timeout=Duration.seconds(service.timeout_seconds),
                reserved_concurrency=service.reserved_concurrency,
            ),
            placement=self._network.placement if service.in_vpc else None,
            log_keeping=self._tenant_stack.keeping,
            cors_origins=service.cors_origins,
            adapter_layer=service.adapter_layer,
            policy_name=f"{settings.prefix}-{tenant}-{agent}-caller",
            url_parameter=url_parameter,
            warnings=self._warnings,
        )
        words = "".join(word.capitalize() for word in agent.split("-"))
        self.output(f"{words}Url", made.url, f"Where people talk to {agent}")
        self.output(
            f"{words}CallerPolicy", made.caller_policy.managed_policy_arn, f"Attach it to who may talk to {agent}"
        )


def _service(settings: Settings) -> AgentServiceSettings:
    service = settings.environment.agent_service
    if service is None:  # load_settings refuses conversations without it
        raise ValueError(f"{settings.name} has no agent_service.")
    return service
