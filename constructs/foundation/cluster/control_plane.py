"""The cluster itself: API server, its logs and keys, Auto Mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from aws_cdk import aws_ec2 as ec2, aws_eks_v2 as eks, aws_iam as iam
from constructs import Construct

from foundation.acknowledge import acknowledge, managed_policy_as_printed
from foundation.cluster.kubectl import KubectlRuntime, kubectl_layer
from foundation.encryption import EncryptionKey
from foundation.log_group import LogKeeping
from foundation.retention import removal_policy

CLUSTER_POLICIES = (
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""What the role of a cluster in Auto Mode must have: CDK attaches all but the second."""


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """What the cluster is like.

    Attributes:
        name: its name, for good.
        kubernetes_version: e.g. "1.36".
        service_cidr: addresses of its services, for good.
        extended_support: stay on a version past its standard support, which costs more. Otherwise AWS upgrades then.
        zonal_shift: let Application Recovery Controller take a zone out of it.
        retain: protect it from deletion, and keep it when its stack goes.
    """

    name: str
    kubernetes_version: str
    service_cidr: str
    extended_support: bool
    zonal_shift: bool
    retain: bool


@dataclass(frozen=True, kw_only=True)
class ClusterPlacement:
    """Where the cluster is.

    Attributes:
        vpc: its VPC.
        subnets: private subnets for control plane and nodes.
        workloads: security group that the VPC's endpoints admit; nodes are in it.
        endpoints: security group of the endpoints.
    """

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    workloads: ec2.ISecurityGroup
    endpoints: ec2.ISecurityGroup


class ControlPlane(Construct):
    """An EKS cluster in Auto Mode whose API is reached from inside the VPC alone.

    Attributes:
        cluster: the cluster. Its creator is no admin: the API server knows those that have an access entry.
        operators: security group of whatever people work from (a bastion, CloudShell in the VPC): it may reach the API.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: ClusterPlan,
        placement: ClusterPlacement,
        key: EncryptionKey,
        log_keeping: LogKeeping,
    ) -> None:
        """Make the cluster, with CDK's functions that apply manifests to it.

        Args:
            scope: the construct it belongs to.
            construct_id: its id there.
            plan: what it is like.
            placement: where it is.
            key: key of its Secrets.
            log_keeping: how its logs are kept.
        """
        super().__init__(scope, construct_id)
        vpc, subnets = placement.vpc, placement.subnets
        # EKS writes into this group and makes one without retention and key where there is none:
        # https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
        logs = log_keeping.log_group(self, "Logs", name=f"/aws/eks/{plan.name}/cluster")
        kubectl = KubectlRuntime(
            self, "Kubectl", vpc=vpc, subnets=subnets, cluster_name=plan.name, log_keeping=log_keeping
        )
        self.operators = ec2.SecurityGroup(
            self,
            "Operators",
            vpc=vpc,
            description="Where people work from: HTTPS out, the Kubernetes API among it",
            allow_all_outbound=False,
        )
        self.operators.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "HTTPS to the cluster and AWS")
        group = self._api_security_group(placement, kubectl.security_group)
        role = self._role()
        self.cluster = eks.Cluster(
            self,
            "Cluster",
            cluster_name=plan.name,
            version=eks.KubernetesVersion.of(plan.kubernetes_version),
            vpc=vpc,
            vpc_subnets=[subnets],
            role=role,
            security_group=group,
            endpoint_access=eks.EndpointAccess.PRIVATE,
            secrets_encryption_key=key,
            cluster_logging=list(eks.ClusterLoggingTypes),
            service_ipv4_cidr=plan.service_cidr,
            bootstrap_cluster_creator_admin_permissions=False,
            bootstrap_self_managed_addons=False,
            default_capacity_type=eks.DefaultCapacityType.AUTOMODE,
            # No built-in pools: their nodes would be open to pods without network policies (docs/decisions/cluster.md).
            compute=eks.ComputeConfig(node_pools=[]),
            kubectl_provider_options=eks.KubectlProviderOptions(
                kubectl_layer=kubectl_layer(self, kubernetes_version=plan.kubernetes_version),
                role=kubectl.role.without_policy_updates(),
                security_groups=[kubectl.security_group],
            ),
            # Manifests stay as they are rendered for kubectl and GitOps, without a label of CDK's.
            prune=False,
        )
        kubectl.shape(self.cluster)
        # The rules of the group too: manifests can still be taken away while they are there.
        self.cluster.node.add_dependency(logs, group)
        self._add_what_the_l2_lacks(plan)
        # Whatever is kept of it works on: EKS acts under the role, and the network interfaces are in the group. What
        # fails to be made is not kept, and EKS deletes it in spite of its protection, which counts once it is active:
        # https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html
        for kept in (self.cluster, role, group):
            kept.apply_removal_policy(removal_policy(retain=plan.retain))

    def as_interface(self) -> eks.ICluster:
        """The cluster as the interface it implements; its generated type lacks a member that CDK keeps to itself."""
        return cast(eks.ICluster, self.cluster)

    def _api_security_group(self, placement: ClusterPlacement, functions: ec2.SecurityGroup) -> ec2.SecurityGroup:
        """Who may reach the API server beside its nodes, which share the cluster's own group with it.

        The same may reach the VPC's endpoints: in the VPC, the names of EKS and STS lead there.
        """
        group = ec2.SecurityGroup(
            self,
            "Api",
            vpc=placement.vpc,
            description="Kubernetes API: those that are let in",
            allow_all_outbound=False,
        )
        for name, peer, whose in (
            ("Operators", self.operators, "people"),
            ("Functions", functions, "functions that apply manifests"),
        ):
            group.add_ingress_rule(peer, ec2.Port.tcp(443), f"Kubernetes API for {whose}")
            # An L1, since the L2 would put the rule into the network's stack, which comes before this one.
            ec2.CfnSecurityGroupIngress(
                group,
                f"{name}ToEndpoints",
                group_id=placement.endpoints.security_group_id,
                source_security_group_id=peer.security_group_id,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                description=f"HTTPS from {whose}",
            )
        return group

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("eks.amazonaws.com"),
            description="What EKS does in this account for the cluster",
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonEKSClusterPolicy")],
        )
        acknowledge(
            role,
            {
                tuple(managed_policy_as_printed(name) for name in CLUSTER_POLICIES): "Required of a cluster in Auto "
                "Mode by https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html"
            },
        )
        return role

    def _add_what_the_l2_lacks(self, plan: ClusterPlan) -> None:
        resource = self.cluster.node.default_child
        assert isinstance(resource, eks.CfnCluster)  # noqa: S101 - for the type checker
        resource.deletion_protection = plan.retain
        resource.upgrade_policy = eks.CfnCluster.UpgradePolicyProperty(
            support_type="EXTENDED" if plan.extended_support else "STANDARD"
        )
        resource.zonal_shift_config = eks.CfnCluster.ZonalShiftConfigProperty(enabled=plan.zonal_shift)


def container_log_groups(scope: Construct, *, cluster_name: str, log_keeping: LogKeeping) -> Sequence[str]:
    """Make the log groups of the CloudWatch add-on, which it would make without retention and key; their ARNs.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference.html
    """
    return [
        log_keeping.log_group(
            scope, f"{kind.capitalize()}Logs", name=f"/aws/containerinsights/{cluster_name}/{kind}"
        ).log_group_arn
        for kind in ("application", "dataplane", "host", "performance")
    ]
