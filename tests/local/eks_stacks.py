"""Stacks with a cluster of EKS for the emulator's tests, and the resources that tests add to them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.emulator_stacks import LAMBDA_TRUST, Stack, StackFailedError, function, get_att, ref, role

NAME = "plane"


def trust(service: str, *actions: str) -> dict[str, Any]:
    """A trust policy for one service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions or ("sts:AssumeRole",))}
    return {"Version": "2012-10-17", "Statement": [statement]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource of EKS."""
    return {"Type": f"AWS::EKS::{kind}", "Properties": properties}


def subnet(number: int, zone: str) -> dict[str, Any]:
    """A subnet of the VPC."""
    properties = {"VpcId": ref("Vpc"), "CidrBlock": f"10.9.{number}.0/24", "AvailabilityZone": zone}
    return {"Type": "AWS::EC2::Subnet", "Properties": properties}


def cluster(**settings: Any) -> dict[str, Any]:
    """An Auto Mode cluster with a private endpoint, as the kit makes one."""
    properties = {
        "Name": NAME,
        "Version": "1.35",
        "RoleArn": get_att("ControlPlane", "Arn"),
        "ResourcesVpcConfig": {
            "SubnetIds": [ref("SubnetA"), ref("SubnetB")],
            "EndpointPrivateAccess": True,
            "EndpointPublicAccess": False,
        },
        "AccessConfig": {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": False},
        "BootstrapSelfManagedAddons": False,
        "ComputeConfig": {"Enabled": True},
        "StorageConfig": {"BlockStorage": {"Enabled": True}},
        "KubernetesNetworkConfig": {"ElasticLoadBalancing": {"Enabled": True}, "ServiceIpv4Cidr": "172.20.0.0/16"},
        "EncryptionConfig": [{"Provider": {"KeyArn": get_att("Key", "Arn")}, "Resources": ["secrets"]}],
        "Logging": {"ClusterLogging": {"EnabledTypes": [{"Type": "api"}, {"Type": "audit"}]}},
        "UpgradePolicy": {"SupportType": "STANDARD"},
        "Tags": [{"Key": "team", "Value": "platform"}],
    }
    return resource("Cluster", **{**properties, **settings})


BASE = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
    "SubnetA": subnet(1, "us-east-1a"),
    "SubnetB": subnet(2, "us-east-1b"),
    "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}},
    "ControlPlane": role(trust("eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")),
    "Node": role(trust("ec2.amazonaws.com")),
    "Pods": role(trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")),
    "Kubectl": role(LAMBDA_TRUST),
    "Provider": function("def handler(event, context): raise AssertionError('never called')", role="Kubectl"),
    "Cluster": cluster(),
}


def own_tags(found: dict[str, Any]) -> dict[str, str]:
    """The tags that the template gives, without CloudFormation's."""
    return {key: value for key, value in found["tags"].items() if not key.startswith("aws:")}


def association(**settings: Any) -> dict[str, Any]:
    """An association of a service account."""
    properties = {
        "ClusterName": NAME,
        "Namespace": "team",
        "ServiceAccount": "worker",
        "RoleArn": get_att("Pods", "Arn"),
    }
    return {**resource("PodIdentityAssociation", **{**properties, **settings}), "DependsOn": "Cluster"}


def refused(made: Stack, **more: Any) -> str:
    """Why adding these resources fails."""
    with pytest.raises(StackFailedError) as failure:
        made.update({**BASE, **more})
    return str(failure.value)
