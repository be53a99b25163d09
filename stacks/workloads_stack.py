"""What one tenant has in the cluster (R17, R19)."""

from __future__ import annotations

from aws_cdk import Tags, Token
from constructs import Construct

from foundation.kubernetes import Manifest, NetworkAccess, TenantPlan, WorkloadPlan
from foundation.network import Network
from foundation.tenant import TAG
from foundation.workload import AgentRights, TenantWorkloads
from stacks.cluster_stack import ClusterStack
from stacks.data_stack import DataStack
from stacks.foundation_stack import FoundationStack
from stacks.model_choice import model_access
from stacks.settings import Settings, TenantSettings, WorkloadSettings
from stacks.settings.cluster import ClusterSettings
from stacks.settings.workload import full_image
from stacks.tenant_stack import TenantStack


class WorkloadsStack(FoundationStack):
    """Namespace, policies, quota and agents of one tenant in the environment's cluster. Nothing outside refers to it.

    Attributes:
        workloads: what it has.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        tenant: TenantSettings,
        tenant_stack: TenantStack,
        cluster: ClusterStack,
        network: Network,
        data: DataStack,
    ) -> None:
        """Make the stack from the `workload` of each agent in `config/tenants/<tenant>.yaml`.

        Args:
            scope: the app.
            settings: the environment's settings.
            tenant: the tenant.
            tenant_stack: holds its agents' credentials.
            cluster: the cluster.
            network: where the cluster is.
            data: holds the table of conversations.

        Raises:
            PlanError: what the settings ask for cannot run in a cluster.
        """
        name = tenant.tenant
        super().__init__(
            scope, f"workloads-{name}", settings=settings, description=f"Agents of the tenant {name} in the cluster"
        )
        Tags.of(self).add(TAG, name)
        self._network, self._cluster = network, _cluster(settings)
        credentials = tenant_stack.tenant.credentials
        self.workloads = TenantWorkloads(
            self,
            "Workloads",
            plan=TenantPlan(
                tenant=name,
                environment=settings.name,
                gateway_parameter=f"{self.path}/gateway/url",
                network=self._access(),
                workloads=tuple(self._plan(name, agent, each) for agent, each in tenant.workloads.items()),
            ),
            cluster=cluster.seen_from(self),
            rights={
                agent: AgentRights(credentials=credentials[agent], model=model_access(settings, each.model))
                for agent, each in tenant.workloads.items()
            },
            conversations=data.conversations,
        )

    @property
    def manifests(self) -> list[Manifest]:
        """The tenant's Kubernetes objects, in the order in which kubectl has to apply them."""
        return [*self.workloads.manifests]

    def _access(self) -> NetworkAccess:
        """Where pods connect to. The token endpoint's host has the account in it, which the settings may leave open."""
        domain = f"auth.{self.settings.environment.region}.amazoncognito.com"
        known = not Token.is_unresolved(self.account)
        return NetworkAccess(
            region=self.settings.environment.region,
            endpoint_cidrs=tuple(self._network.endpoint_cidrs),
            service_cidr=self._cluster.service_cidr,
            token_host=f"{self.settings.prefix}-{self.account}.{domain}" if known else f"*.{domain}",
        )

    def _plan(self, tenant: str, agent: str, workload: WorkloadSettings) -> WorkloadPlan:
        settings = self.settings
        model = model_access(settings, workload.model)
        return WorkloadPlan(
            agent=agent,
            image=full_image(workload.image, registry=self._cluster.registry),
            min_replicas=workload.replicas.min,
            max_replicas=workload.replicas.max,
            cpu=workload.cpu,
            memory=workload.memory,
            secret=f"{settings.project}/{settings.name}/agents/{tenant}/{agent}",
            model_id=model.model_id,
            guardrail_id=model.guardrail_id,
            guardrail_version=model.guardrail_version,
        )


def _cluster(settings: Settings) -> ClusterSettings:
    cluster = settings.environment.cluster
    if cluster is None:  # the app makes no such stack then
        raise ValueError(f"{settings.name} has no cluster.")
    return cluster
