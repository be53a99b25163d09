"""The Kubernetes cluster of an environment (R17)."""

from __future__ import annotations

from aws_cdk import Fn, Stack, aws_eks_v2 as eks, aws_ssm as ssm
from constructs import Construct

from foundation.cluster.agent_cluster import AgentCluster
from foundation.cluster.control_plane import ClusterPlacement, ClusterPlan
from foundation.cluster.node_groups import NodeGroupPlan
from foundation.cluster.objects import AgentNodes
from foundation.kubernetes.node_labels import COMPUTE_INTENSIVE
from foundation.network import Network
from stacks.foundation_stack import FoundationStack
from stacks.settings import Settings
from stacks.settings.cluster import ClusterSettings, NodeGroupSettings

KUBECTL = "KubectlProvider"
"""The output by which other stacks apply manifests. It is there whether or not one does, so that the first tenant with
workloads changes nothing here."""


class ClusterStack(FoundationStack):
    """Cluster, nodes, add-ons, access. Nothing in it is any tenant's.

    Attributes:
        cluster: what it has.
        cluster_name: the cluster's name, as text.
    """

    def __init__(self, scope: Construct, *, settings: Settings, cluster: ClusterSettings, network: Network) -> None:
        """Make the stack.

        Args:
            scope: the app.
            settings: the environment's settings.
            cluster: their `cluster` section.
            network: where the cluster is.
        """
        super().__init__(scope, "cluster", settings=settings, description="Kubernetes cluster for agents")
        self.cluster_name = settings.prefix
        key = self.key("ClusterKey", alias="cluster", description="Secrets, logs and functions of the cluster")
        volume_key = self.key("NodeKey", alias="nodes", description="Disks of the cluster's nodes, volumes of its pods")
        self.cluster = AgentCluster(
            self,
            "Agents",
            plan=ClusterPlan(
                name=self.cluster_name,
                kubernetes_version=cluster.version,
                service_cidr=cluster.service_cidr,
                extended_support=cluster.extended_support,
                zonal_shift=cluster.zonal_shift,
                retain=self.retain,
            ),
            placement=_placement(network),
            node_groups=[
                _node_group("general", cluster.general),
                _node_group("compute", cluster.compute, workload_type=COMPUTE_INTENSIVE),
            ],
            agent_nodes=AgentNodes(
                architecture=cluster.agents.architecture,
                spot=cluster.agents.capacity == "spot",
                cpu_limit=cluster.agents.cpu_limit,
                memory_limit_gib=cluster.agents.memory_limit_gib,
            ),
            admins=cluster.admins,
            readers=cluster.readers,
            key=key,
            volume_key=volume_key,
            log_keeping=self.log_keeping(key),
        )
        self._tell()

    def seen_from(self, stack: Stack) -> eks.ICluster:
        """The cluster for manifests of another stack, which then comes after this one.

        It is known there by its name and by one output, which is always there (`KUBECTL`): a reference to the cluster
        itself would add outputs here with the first such manifest.
        """
        stack.add_stack_dependency(self)
        return eks.Cluster.from_cluster_attributes(
            stack,
            "Cluster",
            cluster_name=self.cluster_name,
            prune=False,
            kubectl_provider=eks.KubectlProvider.from_kubectl_provider_attributes(
                stack, "Kubectl", service_token=Fn.get_stack_output(self.stack_name, KUBECTL)
            ),
        )

    def _tell(self) -> None:
        """Outputs, and the parameter that programs find the cluster by."""
        provider = self.cluster.control_plane.cluster.kubectl_provider
        assert provider is not None  # noqa: S101 - made with the cluster
        ssm.StringParameter(
            self,
            "NameParameter",
            parameter_name=f"{self.path}/cluster/name",
            description="Name of the Kubernetes cluster",
            string_value=self.cluster_name,
        )
        self.output("ClusterName", self.cluster_name, "The cluster, for aws eks update-kubeconfig")
        self.output("AdminRole", self.cluster.access.admins.role_arn, "Role that administers the cluster")
        self.output("ReaderRole", self.cluster.access.readers.role_arn, "Role that reads the cluster's objects")
        self.output(
            "OperatorsSecurityGroup",
            self.cluster.control_plane.operators.security_group_id,
            "Security group of whatever people reach the cluster's API from",
        )
        self.output(KUBECTL, provider.service_token, "Function by which stacks apply manifests to the cluster")


def _placement(network: Network) -> ClusterPlacement:
    assert network.endpoints is not None  # noqa: S101 - the settings ask for endpoints where there is a cluster
    return ClusterPlacement(
        vpc=network.vpc,
        subnets=network.private_subnets,
        workloads=network.workloads,
        endpoints=network.endpoints,
    )


def _node_group(name: str, settings: NodeGroupSettings, *, workload_type: str | None = None) -> NodeGroupPlan:
    return NodeGroupPlan(
        name=name,
        instance_types=settings.instance_types,
        minimum=settings.minimum,
        maximum=settings.maximum,
        desired=settings.desired,
        spot=settings.capacity == "spot",
        volume_gib=settings.volume_gib,
        workload_type=workload_type,
    )
