"""What one tenant has in the cluster (R17, R19)."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Tags
from constructs import Construct

from foundation.kubernetes import Manifest, NetworkAccess, TenantPlan, WorkloadPlan
from foundation.machine_identity import token_host
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
        self._cluster = _cluster(settings)
        credentials = tenant_stack.tenant.credentials
        plan = TenantPlan(
            tenant=name,
            environment=settings.name,
            kubernetes_version=self._cluster.version,
            gateway_parameter=settings.gateway_parameter,
            network=network_access(settings, self._cluster, endpoint_cidrs=network.endpoint_cidrs),
            workloads=tuple(self._plan(name, agent, each) for agent, each in tenant.workloads.items()),
        )
        self.workloads = TenantWorkloads(
            self,
            "Workloads",
            plan=plan,
            cluster=cluster.seen_from(self),
            rights={
                each.agent: AgentRights(credentials=credentials[each.agent], model=each.model)
                for each in plan.workloads
            },
            conversations=data.conversations,
        )

    @property
    def manifests(self) -> list[Manifest]:
        """The tenant's Kubernetes objects, in the order in which kubectl has to apply them."""
        return [*self.workloads.manifests]

    def _plan(self, tenant: str, agent: str, workload: WorkloadSettings) -> WorkloadPlan:
        settings = self.settings
        return WorkloadPlan(
            agent=agent,
            image=full_image(workload.image, registry=self._cluster.registry),
            min_replicas=workload.replicas.min,
            max_replicas=workload.replicas.max,
            cpu=workload.cpu,
            memory=workload.memory,
            secret=f"{settings.agent_secrets}{tenant}/{agent}",
            model=model_access(settings, workload.model),
        )


def network_access(settings: Settings, cluster: ClusterSettings, *, endpoint_cidrs: Sequence[str]) -> NetworkAccess:
    """Where pods of the environment connect to.

    The token endpoint's host has the account in it. Where the settings leave that open, the rule is for the whole
    domain, in which every Cognito customer of the region is: `stacks.settings.agreement.cluster_notices` says so.
    """
    environment = settings.environment
    domain = settings.token_domain(environment.account) if environment.account else "*"
    return NetworkAccess(
        region=environment.region,
        endpoint_cidrs=tuple(endpoint_cidrs),
        service_cidr=cluster.service_cidr,
        token_host=token_host(domain, environment.region),
    )


def _cluster(settings: Settings) -> ClusterSettings:
    cluster = settings.environment.cluster
    if cluster is None:  # the app makes no such stack then
        raise ValueError(f"{settings.name} has no cluster.")
    return cluster
