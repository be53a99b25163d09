"""EKS: a cluster with a node group; in the emulator also an add-on, an access entry and a pod identity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

CLUSTER = "acme-platform"
NODES = "workers"
PROFILE = "batch-pods"
ADDON = "vpc-cni"
SECRET = "hunter2-of-platform"
ROLE = "arn:aws:iam::123456789012:role/acme-platform"
PRINCIPAL = "arn:aws:iam::123456789012:role/acme-developers"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["eks.amazonaws.com", "ec2.amazonaws.com", "pods.eks.amazonaws.com"]},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ],
}
_ARN = "arn:aws:eks:us-east-1:123456789012"


def fill(client: Clients, account: Account) -> Made:
    eks, iam, ec2 = client("eks"), client("iam"), client("ec2")
    for name in ("acme-platform", "acme-developers"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.77.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    network = {"subnetIds": subnets}
    eks.create_cluster(name=CLUSTER, roleArn=ROLE, resourcesVpcConfig=network, version="1.34", tags={"owner": "acme"})
    sizes = {"minSize": 1, "maxSize": 3, "desiredSize": 2}
    eks.create_nodegroup(
        clusterName=CLUSTER, nodegroupName=NODES, nodeRole=ROLE, subnets=subnets[:1], scalingConfig=sizes
    )
    if account == "moto":
        eks.create_fargate_profile(
            clusterName=CLUSTER,
            fargateProfileName=PROFILE,
            podExecutionRoleArn=ROLE,
            selectors=[{"namespace": "batch"}],
        )
    else:
        eks.create_addon(clusterName=CLUSTER, addonName=ADDON, configurationValues=f'{{"password": "{SECRET}"}}')
        eks.create_access_entry(clusterName=CLUSTER, principalArn=PRINCIPAL)
        eks.associate_access_policy(
            clusterName=CLUSTER, principalArn=PRINCIPAL, policyArn=POLICY, accessScope={"type": "cluster"}
        )
        eks.create_pod_identity_association(
            clusterName=CLUSTER, namespace="shop", serviceAccount="checkout", roleArn=ROLE
        )
    return {}


def calls(made: Made) -> Sequence[Call]:
    cluster = {"cluster": CLUSTER}
    return [
        Call(operation="list_clusters", finds=CLUSTER),
        Call(operation="describe_cluster", arguments=cluster, finds='"owner": "acme"'),
        Call(operation="list_node_groups", arguments=cluster, finds=NODES),
        Call(
            operation="describe_node_group",
            arguments={**cluster, "node_group": NODES},
            finds='"desired_nodes": 2',
        ),
        Call(operation="list_fargate_profiles", arguments=cluster, finds=PROFILE, unknown_to=("emulator",)),
        Call(
            operation="describe_fargate_profile",
            arguments={**cluster, "fargate_profile": PROFILE},
            finds="batch",
            unknown_to=("emulator",),
        ),
        _unknown_to_moto("list_addons", finds=ADDON, stubbed={"ListAddons": {"addons": [ADDON]}}),
        _unknown_to_moto(
            "describe_addon",
            arguments={"addon": ADDON},
            finds=ADDON,
            hides=[SECRET],
            stubbed={"DescribeAddon": {"addon": _ADDON}},
        ),
        _unknown_to_moto(
            "list_access_entries", finds=PRINCIPAL, stubbed={"ListAccessEntries": {"accessEntries": [PRINCIPAL]}}
        ),
        _unknown_to_moto(
            "describe_access_entry",
            arguments={"principal": PRINCIPAL},
            finds=POLICY,
            stubbed={
                "DescribeAccessEntry": {"accessEntry": {"clusterName": CLUSTER, "principalArn": PRINCIPAL}},
                "ListAssociatedAccessPolicies": {
                    "associatedAccessPolicies": [{"policyArn": POLICY, "accessScope": {"type": "cluster"}}]
                },
            },
        ),
        _unknown_to_moto(
            "list_pod_identities",
            finds="checkout",
            stubbed={"ListPodIdentityAssociations": {"associations": [_POD_IDENTITY]}},
        ),
        _unknown_to_moto(
            "list_insights",
            finds="Deprecated APIs",
            stubbed={"ListInsights": {"insights": [_INSIGHT]}},
            unknown_to=("moto", "emulator"),
        ),
    ]


def _unknown_to_moto(
    operation: str,
    *,
    finds: str,
    stubbed: Mapping[str, Any],
    arguments: Mapping[str, Any] | None = None,
    hides: Sequence[str] = (),
    unknown_to: tuple[Account, ...] = ("moto",),
) -> Call:
    """A call whose API operations moto lacks: https://docs.aws.amazon.com/eks/latest/APIReference/API_Operations.html."""
    return Call(
        operation=operation,
        arguments={"cluster": CLUSTER, **(arguments or {})},
        finds=finds,
        hides=hides,
        stubbed={f"eks:{name}": response for name, response in stubbed.items()},
        unknown_to=unknown_to,
    )


_ADDON = {
    "addonName": ADDON,
    "addonArn": f"{_ARN}:addon/{CLUSTER}/{ADDON}/0",
    "addonVersion": "v1.20.4-eksbuild.1",
    "status": "ACTIVE",
    "configurationValues": f'{{"password": "{SECRET}"}}',
}
_POD_IDENTITY = {
    "associationId": "a-0123456789abcdef0",
    "associationArn": f"{_ARN}:podidentityassociation/{CLUSTER}/a-0123456789abcdef0",
    "clusterName": CLUSTER,
    "namespace": "shop",
    "serviceAccount": "checkout",
}
_INSIGHT = {
    "id": "a1b2c3d4-5678-90ab-cdef-1234567890ab",
    "name": "Deprecated APIs removed in Kubernetes v1.35",
    "category": "UPGRADE_READINESS",
    "kubernetesVersion": "1.35",
    "insightStatus": {"status": "WARNING", "reason": "Deprecated API usage detected."},
}


SCENARIO = Scenario(server="aws-operations", tool="eks_read_operations", fill=fill, calls=calls)
