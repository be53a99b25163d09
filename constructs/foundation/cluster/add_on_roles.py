"""Roles of the add-ons that call AWS, for their service accounts alone, through Pod Identity.

Each has exactly what its page asks for. The network plugin is the one with an AWS managed policy: its page requires it.
"""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack, aws_iam as iam
from constructs import Construct

from foundation.acknowledge import acknowledge, arn_as_printed, managed_policy_as_printed
from foundation.cluster.pod_identity import PodIdentityRole

CNI_POLICY = "AmazonEKS_CNI_Policy"
_NOT_NARROWER = "AwsSolutions-IAM5[Resource::*]"
_CSI_VOLUME = "ebs.csi.aws.com/cluster"
"""Tag that the EBS driver puts on each volume it makes."""


def network_plugin_role(scope: Construct, *, cluster_name: str) -> iam.Role:
    """The role of the VPC CNI plugin, which gives pods their addresses."""
    role = PodIdentityRole(
        scope,
        "NetworkPluginRole",
        cluster_name=cluster_name,
        namespace="kube-system",
        service_account="aws-node",
        description="VPC CNI plugin: addresses of pods",
    )
    role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(CNI_POLICY))
    acknowledge(
        role,
        {
            managed_policy_as_printed(CNI_POLICY): "Required of the plugin or of its node, and recommended on the "
            "plugin: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html"
        },
    )
    return role


def volume_driver_role(scope: Construct, *, cluster_name: str) -> iam.Role:
    """The role of the EBS CSI driver: volumes that it made itself, on nodes of this cluster; no snapshots.

    What AmazonEBSCSIDriverPolicy allows for volumes, without the resources of other clusters and of other drivers
    (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverPolicy.html). The volumes' key
    admits whoever may use EBS.
    """
    role = PodIdentityRole(
        scope,
        "VolumeDriverRole",
        cluster_name=cluster_name,
        namespace="kube-system",
        service_account="ebs-csi-controller-sa",
        description="EBS CSI driver: volumes of pods",
    )
    for statement in _volume_statements(Stack.of(scope), cluster_name=cluster_name):
        role.add_to_policy(statement)
    acknowledge(
        role,
        {
            _NOT_NARROWER: "EC2's Describe actions know no resource types (service authorization reference)",
            tuple(
                f"AwsSolutions-IAM5[Resource::{arn_as_printed(scope, 'ec2', f'{kind}/*')}]"
                for kind in ("volume", "instance")
            ): "Volumes and nodes have no names before they are made: conditions narrow to volumes with the driver's "
            "tag, and to nodes with this cluster's",
        },
    )
    return role


def _volume_statements(stack: Stack, *, cluster_name: str) -> list[iam.PolicyStatement]:
    volumes, instances = (
        stack.format_arn(service="ec2", resource=kind, resource_name="*", arn_format=ArnFormat.SLASH_RESOURCE_NAME)
        for kind in ("volume", "instance")
    )
    its_own = {"StringEquals": {f"aws:ResourceTag/{_CSI_VOLUME}": "true"}}
    return [
        iam.PolicyStatement(
            actions=[
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeTags",
                "ec2:DescribeVolumeStatus",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            actions=["ec2:CreateVolume"],
            resources=[volumes],
            conditions={"StringEquals": {f"aws:RequestTag/{_CSI_VOLUME}": "true"}},
        ),
        iam.PolicyStatement(
            actions=["ec2:CreateTags"],
            resources=[volumes],
            conditions={"StringEquals": {"ec2:CreateAction": "CreateVolume"}},
        ),
        iam.PolicyStatement(
            actions=["ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:ModifyVolume"],
            resources=[volumes],
            conditions=its_own,
        ),
        iam.PolicyStatement(
            actions=["ec2:AttachVolume", "ec2:DetachVolume"],
            resources=[instances],
            # Managed node groups tag their instances:
            # https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html
            conditions={"StringEquals": {"aws:ResourceTag/eks:cluster-name": cluster_name}},
        ),
    ]


def observability_role(scope: Construct, *, cluster_name: str, log_group_arns: list[str]) -> iam.Role:
    """The role of CloudWatch's agent and of Fluent Bit: logs into this cluster's groups, metrics, traces.

    Narrower than CloudWatchAgentServerPolicy and AWSXrayWriteOnlyAccess, which the page proposes
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Observability-EKS-addon.html):
    the log groups exist already, with retention and key, and none can be made or changed.

    Args:
        scope: the construct it belongs to.
        cluster_name: the cluster's name.
        log_group_arns: ARNs of the log groups, `:*` at their ends.
    """
    role = PodIdentityRole(
        scope,
        "ObservabilityRole",
        cluster_name=cluster_name,
        namespace="amazon-cloudwatch",
        service_account="cloudwatch-agent",
        description="CloudWatch agent and Fluent Bit: logs, metrics and traces of the cluster",
    )
    for statement in _observability_statements(log_group_arns):
        role.add_to_policy(statement)
    acknowledge(
        role,
        {
            _NOT_NARROWER: "cloudwatch:PutMetricData, X-Ray's write actions and EC2's Describe actions know no "
            "resource types (service authorization reference); metrics that have a namespace are bound to three"
        },
    )
    return role


def _observability_statements(log_group_arns: list[str]) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], resources=log_group_arns
        ),
        iam.PolicyStatement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            # Metrics that come as OTLP have no namespace.
            conditions={
                "StringEqualsIfExists": {"cloudwatch:namespace": ["ApplicationSignals", "CWAgent", "ContainerInsights"]}
            },
        ),
        iam.PolicyStatement(
            actions=[
                "ec2:DescribeTags",
                "ec2:DescribeVolumes",
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutSpans",
                "xray:PutSpansForIndexing",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            resources=["*"],
        ),
    ]
