"""EKS add-ons: pinned versions, settings, and roles through Pod Identity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_eks_v2 as eks, aws_iam as iam
from constructs import Construct

from foundation.cluster.versions import ADD_ONS

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Add-ons without which a node does not become ready, or a pod on it gets no credentials. They are DaemonSets, so that
they need no node themselves."""

ON_NODES = ("coredns", "aws-ebs-csi-driver", "metrics-server", "amazon-cloudwatch-observability")
"""Add-ons with pods of their own, which are only healthy once there are nodes. Without metrics-server, which calls
nothing of AWS, no HorizontalPodAutoscaler knows how busy its pods are, and none scales
(https://docs.aws.amazon.com/eks/latest/userguide/horizontal-pod-autoscaler.html)."""

SETTINGS: dict[str, dict[str, object]] = {
    # For all nodes. The add-on's chart writes it into the ConfigMap amazon-vpc-cni of kube-system, by which the network
    # policy controller is switched on for Auto Mode's nodes as well: nothing else may own that object.
    # https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html,
    # https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html,
    # https://github.com/aws/amazon-vpc-cni-k8s/blob/master/charts/aws-vpc-cni/templates/configmap.yaml
    "vpc-cni": {"enableNetworkPolicy": "true", "nodeAgent": {"enablePolicyEventLogs": "true"}},
    # By default the add-on puts an SDK of its own into every Java, Python, .NET and Node.js pod that a Service selects:
    # agents bring theirs, and their file system is read-only.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Observability-EKS-addon.html
    "amazon-cloudwatch-observability": {
        "manager": {"applicationSignals": {"autoMonitor": {"monitorAllServices": False}}}
    },
}
"""Configuration values of the add-ons that have some, as `aws eks describe-addon-configuration` describes them."""


@dataclass(frozen=True, kw_only=True)
class AddOnRole:
    """The role that an add-on's pods of one service account run under."""

    service_account: str
    role: iam.IRole


def add_on(
    scope: Construct, name: str, *, cluster_name: str, kubernetes_version: str, roles: Mapping[str, AddOnRole]
) -> eks.CfnAddon:
    """Install the add-on `name`, in the version that belongs to `kubernetes_version`.

    An L1 since the L2 has no Pod Identity associations. What is in the cluster already, or was changed there by hand,
    becomes what is said here: PRESERVE would fail at the creation, as NONE does, where anything differs
    (https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html, resolveConflicts).

    Args:
        scope: the construct it belongs to.
        name: the add-on's name.
        cluster_name: the cluster's name.
        kubernetes_version: the cluster's version, a key of `ADD_ONS`.
        roles: role by the add-on's name, for those that call AWS.
    """
    own = roles.get(name)
    return eks.CfnAddon(
        scope,
        "".join(part.capitalize() for part in name.split("-")),
        cluster_name=cluster_name,
        addon_name=name,
        addon_version=ADD_ONS[kubernetes_version][name],
        configuration_values=json.dumps(SETTINGS[name]) if name in SETTINGS else None,
        resolve_conflicts="OVERWRITE",
        pod_identity_associations=[
            eks.CfnAddon.PodIdentityAssociationProperty(service_account=own.service_account, role_arn=own.role.role_arn)
        ]
        if own
        else None,
    )
