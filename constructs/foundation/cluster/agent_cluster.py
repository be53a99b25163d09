"""Everything of one cluster, in the order in which it comes to life (R17)."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_eks_v2 as eks
from constructs import Construct, IDependable

from foundation.cluster.access import ClusterAccess, access_entry
from foundation.cluster.add_on_roles import network_plugin_role, observability_role, volume_driver_role
from foundation.cluster.add_ons import BEFORE_NODES, ON_NODES, AddOnRole, add_on
from foundation.cluster.control_plane import ClusterPlacement, ClusterPlan, ControlPlane, container_log_groups
from foundation.cluster.node_groups import NodeGroup, NodeGroupPlan
from foundation.cluster.node_roles import agent_node_role, managed_node_role
from foundation.cluster.objects import (
    AgentNodes,
    node_class,
    node_pool,
    observability_policy,
    priority_class,
)
from foundation.encryption import EncryptionKey
from foundation.log_group import LogKeeping


class AgentCluster(Construct):
    """A cluster with its nodes, add-ons, access and the objects that it has once.

    Attributes:
        control_plane: the cluster itself.
        access: the roles that people use.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: ClusterPlan,
        placement: ClusterPlacement,
        node_groups: Sequence[NodeGroupPlan],
        agent_nodes: AgentNodes,
        admins: Sequence[str],
        readers: Sequence[str],
        key: EncryptionKey,
        volume_key: EncryptionKey,
        log_keeping: LogKeeping,
    ) -> None:
        """Make the cluster.

        Args:
            scope: the stack it belongs to.
            construct_id: its id there.
            plan: what the cluster is like.
            placement: where it is.
            node_groups: its managed node groups.
            agent_nodes: the nodes that Auto Mode makes for agents.
            admins: ARNs or names of the roles that may assume the admin role.
            readers: likewise for the read-only role.
            key: key of its Secrets, logs and functions.
            volume_key: key of its nodes' disks.
            log_keeping: how its logs are kept.
        """
        super().__init__(scope, construct_id)
        volume_key.allow_volumes()
        self._plan = plan
        self.control_plane = ControlPlane(
            self,
            "ControlPlane",
            plan=plan,
            placement=placement,
            key=key,
            log_keeping=log_keeping,
        )
        self._cluster = self.control_plane.as_interface()
        self.access = ClusterAccess(
            self,
            "Access",
            cluster=self._cluster,
            cluster_name=plan.name,
            admins=admins,
            readers=readers,
        )
        log_groups = container_log_groups(self, cluster_name=plan.name, log_keeping=log_keeping)
        before = self._add_ons(BEFORE_NODES, self._early_roles(), after=[self.control_plane.cluster])
        groups = self._node_groups(node_groups, placement, volume_key, after=before)
        on_nodes = self._add_ons(ON_NODES, self._late_roles(log_groups), after=groups)
        self._objects(agent_nodes, placement, volume_key, after=on_nodes)

    def _early_roles(self) -> dict[str, AddOnRole]:
        role = network_plugin_role(self, cluster_name=self._plan.name)
        return {"vpc-cni": AddOnRole(service_account="aws-node", role=role)}

    def _late_roles(self, log_groups: Sequence[str]) -> dict[str, AddOnRole]:
        volumes = volume_driver_role(self, cluster_name=self._plan.name)
        observability = observability_role(self, cluster_name=self._plan.name, log_group_arns=list(log_groups))
        return {
            "aws-ebs-csi-driver": AddOnRole(service_account="ebs-csi-controller-sa", role=volumes),
            "amazon-cloudwatch-observability": AddOnRole(service_account="cloudwatch-agent", role=observability),
        }

    def _add_ons(
        self, names: Sequence[str], roles: dict[str, AddOnRole], *, after: Sequence[IDependable]
    ) -> list[eks.CfnAddon]:
        made = []
        for name in names:
            one = add_on(
                self,
                name,
                cluster_name=self._cluster.cluster_name,
                kubernetes_version=self._plan.kubernetes_version,
                roles=roles,
            )
            one.node.add_dependency(*after)
            if name in roles:
                # Its permissions too: pods that start without them fail until they are restarted.
                one.node.add_dependency(roles[name].role)
            made.append(one)
        return made

    def _node_groups(
        self,
        plans: Sequence[NodeGroupPlan],
        placement: ClusterPlacement,
        volume_key: EncryptionKey,
        *,
        after: Sequence[IDependable],
    ) -> list[NodeGroup]:
        role = managed_node_role(self, "NodeRole")
        made = []
        for plan in plans:
            group = NodeGroup(
                self,
                f"{plan.name.capitalize()}Nodes",
                plan=plan,
                cluster=self._cluster,
                kubernetes_version=self._plan.kubernetes_version,
                role=role,
                subnets=placement.subnets,
                # The cluster's own group, in which nodes and API server talk, is only added where none is named.
                security_groups=[self._cluster.cluster_security_group, placement.workloads],
                volume_key=volume_key,
            )
            group.node.add_dependency(*after)
            made.append(group)
        return made

    def _objects(
        self,
        agent_nodes: AgentNodes,
        placement: ClusterPlacement,
        volume_key: EncryptionKey,
        *,
        after: Sequence[IDependable],
    ) -> None:
        """Apply what the cluster has once; the nodes for agents last, so that none joins without network policies."""
        role = agent_node_role(self, "AgentNodeRole")
        # EKS makes this entry itself for its built-in pools alone.
        entry = access_entry(
            self,
            "AgentNodesEntry",
            cluster=self._cluster,
            role=role,
            policy="AmazonEKSAutoNodePolicy",
            kind=eks.AccessEntryType.EC2,
        )
        nodes = node_class(
            role_name=role.role_name,
            subnet_ids=placement.vpc.select_subnets(subnet_group_name=placement.subnets.subnet_group_name).subnet_ids,
            security_group_ids=[
                self._cluster.cluster_security_group.security_group_id,
                placement.workloads.security_group_id,
            ],
            key_arn=volume_key.key_arn,
        )
        policies = eks.KubernetesManifest(
            self, "NetworkPolicies", cluster=self._cluster, manifest=[observability_policy()], overwrite=True
        )
        priority = eks.KubernetesManifest(self, "Priority", cluster=self._cluster, manifest=[priority_class()])
        pool = eks.KubernetesManifest(
            self, "AgentNodes", cluster=self._cluster, manifest=[nodes, node_pool(agent_nodes)]
        )
        for applied in (policies, priority):
            applied.node.add_dependency(*after)
        pool.node.add_dependency(policies, priority, entry)
