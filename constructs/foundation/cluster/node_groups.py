"""Managed node groups: instances that always run, for what the platform itself needs, and some for heavy work."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2, aws_eks_v2 as eks, aws_iam as iam, aws_kms as kms
from constructs import Construct

from foundation.kubernetes.node_labels import WORKLOAD_TYPE

_IMAGES = {
    ec2.InstanceArchitecture.X86_64: eks.NodegroupAmiType.AL2023_X86_64_STANDARD,
    ec2.InstanceArchitecture.ARM_64: eks.NodegroupAmiType.AL2023_ARM_64_STANDARD,
}


@dataclass(frozen=True, kw_only=True)
class NodeGroupPlan:
    """One managed node group.

    Attributes:
        name: its name, e.g. `general`.
        instance_types: what it is made of, all of one architecture; EKS takes the first ones first.
        minimum: how many nodes it has at least.
        maximum: how many at most.
        desired: how many it begins with.
        spot: take spare capacity, which is cheaper and may be taken back at two minutes' notice.
        volume_gib: size of each node's disk, in GiB.
        workload_type: value of the taint and the label that keep it for pods which ask for it; open to all when None.
    """

    name: str
    instance_types: tuple[str, ...]
    minimum: int
    maximum: int
    desired: int
    spot: bool
    volume_gib: int
    workload_type: str | None = None


class NodeGroup(Construct):
    """A managed node group with its launch template.

    Nodes are Amazon Linux 2023. Their disks are encrypted; the metadata service takes IMDSv2 alone and answers one hop
    away, so that no pod reaches the node's role through it
    (https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: NodeGroupPlan,
        cluster: eks.ICluster,
        kubernetes_version: str,
        role: iam.IRole,
        subnets: ec2.SubnetSelection,
        security_groups: list[ec2.ISecurityGroup],
        volume_key: kms.IKey,
    ) -> None:
        """Make the group.

        Args:
            scope: the construct it belongs to.
            construct_id: its id there.
            plan: how large it is and of what.
            cluster: the cluster it joins.
            kubernetes_version: version of its nodes' kubelet: the cluster's, so that a deployment which raises that
                replaces the nodes afterwards.
            role: role of its nodes.
            subnets: where its nodes are.
            security_groups: security groups of its nodes; the cluster's own must be among them.
            volume_key: key of its disks; its policy must admit those who may use EBS.
        """
        super().__init__(scope, construct_id)
        kept_for = plan.workload_type
        instance_types = [ec2.InstanceType(name) for name in plan.instance_types]
        template = self._launch_template(plan, security_groups, volume_key)
        assert template.launch_template_id is not None  # noqa: S101 - None for templates that are looked up by name
        group = eks.Nodegroup(
            self,
            "Group",
            cluster=cluster,
            node_role=role,
            subnets=subnets,
            ami_type=_IMAGES[instance_types[0].architecture],
            capacity_type=eks.CapacityType.SPOT if plan.spot else eks.CapacityType.ON_DEMAND,
            instance_types=instance_types,
            min_size=plan.minimum,
            max_size=plan.maximum,
            desired_size=plan.desired,
            launch_template_spec=eks.LaunchTemplateSpec(
                id=template.launch_template_id, version=template.latest_version_number
            ),
            labels={WORKLOAD_TYPE: kept_for} if kept_for else None,
            taints=[eks.TaintSpec(key=WORKLOAD_TYPE, value=kept_for, effect=eks.TaintEffect.NO_SCHEDULE)]
            if kept_for
            else None,
            # One node at a time, never against a PodDisruptionBudget: an update that cannot drain fails and says so.
            max_unavailable=1,
            force_update=False,
            enable_node_auto_repair=True,
        )
        resource = group.node.default_child
        assert isinstance(resource, eks.CfnNodegroup)  # noqa: S101 - for the type checker
        resource.version = kubernetes_version  # which the L2 lacks

    def _launch_template(
        self, plan: NodeGroupPlan, security_groups: list[ec2.ISecurityGroup], volume_key: kms.IKey
    ) -> ec2.LaunchTemplate:
        first, *others = security_groups
        template = ec2.LaunchTemplate(
            self,
            "Template",
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        plan.volume_gib,
                        encrypted=True,
                        kms_key=volume_key,
                        volume_type=ec2.EbsDeviceVolumeType.GP3,
                    ),
                )
            ],
            http_put_response_hop_limit=1,
            http_tokens=ec2.LaunchTemplateHttpTokens.REQUIRED,
            security_group=first,
        )
        for group in others:
            template.add_security_group(group)
        return template
