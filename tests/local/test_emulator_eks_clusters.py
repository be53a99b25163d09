"""EKS: clusters, node groups and add-ons as stacks make them and its API tells them, and what it refuses."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator
from tests.local.eks_stacks import BASE, NAME, cluster, own_tags, refused, resource
from tests.local.emulator_stacks import Stack, StackFailedError, get_att, outputs, ref, stack

pytest_plugins = ["tests.local.eks_fixtures"]


def node_group(**settings: Any) -> dict[str, Any]:
    """A node group of the cluster."""
    properties = {
        "ClusterName": ref("Cluster"),
        "NodegroupName": "general",
        "NodeRole": get_att("Node", "Arn"),
        "Subnets": [ref("SubnetA"), ref("SubnetB")],
        "InstanceTypes": ["m6i.large"],
        "ScalingConfig": {"MinSize": 2, "DesiredSize": 3, "MaxSize": 10},
        "Labels": {"workload-type": "general", "old": "yes"},
        "Taints": [{"Key": "a", "Value": "b", "Effect": "NO_SCHEDULE"}],
        "UpdateConfig": {"MaxUnavailablePercentage": 33},
    }
    return resource("Nodegroup", **{**properties, **settings})


def test_a_cluster_is_told_as_its_template_says(emulator: Emulator) -> None:
    names = ("Arn", "Endpoint", "CertificateAuthorityData", "ClusterSecurityGroupId", "OpenIdConnectIssuerUrl",
             "EncryptionConfigKeyArn")  # fmt: skip
    with stack(emulator, "eks-told") as made:
        told = made.create(
            {**BASE, "Cluster": cluster(Name="told")},
            Outputs=outputs(
                Name=ref("Cluster"), Key=get_att("Key", "Arn"), **{name: get_att("Cluster", name) for name in names}
            ),
        )
        found = emulator.client("eks").describe_cluster(name="told")["cluster"]
        assert told["Name"] == "told"
        assert told["Arn"] == found["arn"] == "arn:aws:eks:us-east-1:123456789012:cluster/told"
        assert told["Endpoint"] == found["endpoint"]
        assert told["OpenIdConnectIssuerUrl"] == found["identity"]["oidc"]["issuer"]
        assert base64.b64decode(told["CertificateAuthorityData"]).startswith(b"-----BEGIN CERTIFICATE-----")
        assert told["EncryptionConfigKeyArn"] == told["Key"]
        assert found["encryptionConfig"] == [{"resources": ["secrets"], "provider": {"keyArn": told["Key"]}}]
        assert found["computeConfig"] == {"enabled": True}
        assert found["storageConfig"] == {"blockStorage": {"enabled": True}}
        assert found["kubernetesNetworkConfig"]["elasticLoadBalancing"] == {"enabled": True}
        assert found["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"
        assert found["accessConfig"] == {"authenticationMode": "API"}
        assert found["upgradePolicy"] == {"supportType": "STANDARD"}
        assert own_tags(found) == {"team": "platform"}
        assert found["logging"]["clusterLogging"][0] == {"types": ["api", "audit"], "enabled": True}
        network = found["resourcesVpcConfig"]
        assert network["vpcId"] == made.id_of("Vpc")
        assert not network["endpointPublicAccess"]
        groups = emulator.client("ec2").describe_security_groups(GroupIds=[told["ClusterSecurityGroupId"]])
        assert groups["SecurityGroups"][0]["VpcId"] == network["vpcId"]
        assert emulator.client("eks").list_access_entries(clusterName="told")["accessEntries"] == []
    with pytest.raises(ClientError, match="InvalidGroup"):
        emulator.client("ec2").describe_security_groups(GroupIds=[told["ClusterSecurityGroupId"]])


def test_a_cluster_changes_in_place_and_by_one_version_at_a_time(emulator: Emulator) -> None:
    eks = emulator.client("eks")
    changes = {
        "Version": "1.36",
        "Logging": {"ClusterLogging": {"EnabledTypes": [{"Type": "api"}]}},
        "Tags": [{"Key": "owner", "Value": "us"}],
    }
    with stack(emulator, "eks-changed") as made:
        made.create({**BASE, "Cluster": cluster(Name="changed")})
        made.update({**BASE, "Cluster": cluster(Name="changed", **changes)})
        found = eks.describe_cluster(name="changed")["cluster"]
        assert (found["version"], own_tags(found)) == ("1.36", {"owner": "us"})
        assert found["logging"]["clusterLogging"][0] == {"types": ["api"], "enabled": True}
        with pytest.raises(ClientError, match=r"version update from 1\.36 to 1\.35"):
            eks.update_cluster_version(name="changed", version="1.35")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"StorageConfig": {"BlockStorage": {"Enabled": False}}}, "either fully enabled or fully disabled"),
        ({"RoleArn": get_att("Node", "Arn")}, "does not trust eks.amazonaws.com"),
        ({"ResourcesVpcConfig": {"SubnetIds": [ref("SubnetA")]}}, "at least two different AZs"),
        ({"ResourcesVpcConfig": {"SubnetIds": ["subnet-00000000"]}}, "does not exist"),
    ],
)
def test_a_cluster_that_eks_would_refuse(emulator: Emulator, settings: dict[str, Any], reason: str) -> None:
    with stack(emulator, "eks-wrong") as made, pytest.raises(StackFailedError, match=reason):
        made.create({**BASE, "Cluster": cluster(Name="wrong", **settings)})


def test_a_node_group_is_told_and_changes(emulator: Emulator, plane: Stack) -> None:
    eks = emulator.client("eks")
    plane.update({**BASE, "Nodes": node_group()})
    assert plane.id_of("Nodes") == f"{NAME}/general"
    found = eks.describe_nodegroup(clusterName=NAME, nodegroupName="general")["nodegroup"]
    assert found["scalingConfig"] == {"minSize": 2, "desiredSize": 3, "maxSize": 10}
    assert found["updateConfig"] == {"maxUnavailablePercentage": 33}
    assert found["taints"] == [{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}]
    with pytest.raises(ClientError, match="Cluster has nodegroups attached"):
        eks.delete_cluster(name=NAME)
    plane.update(
        {
            **BASE,
            "Nodes": node_group(
                Labels={"workload-type": "general"},
                Taints=[],
                ScalingConfig={"MinSize": 0, "DesiredSize": 0, "MaxSize": 4},
                Tags={"team": "platform"},
            ),
        }
    )
    found = eks.describe_nodegroup(clusterName=NAME, nodegroupName="general")["nodegroup"]
    assert (found["labels"], found["taints"]) == ({"workload-type": "general"}, [])
    assert found["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 4}
    assert own_tags(found) == {"team": "platform"}
    assert "must lie between" in refused(
        plane, Nodes=node_group(ScalingConfig={"MinSize": 2, "DesiredSize": 1, "MaxSize": 4})
    )


def test_an_add_on_owns_the_associations_that_it_asks_for(emulator: Emulator, plane: Stack) -> None:
    eks = emulator.client("eks")
    wanted = [{"ServiceAccount": "ebs-csi-controller-sa", "RoleArn": get_att("Pods", "Arn")}]
    add_on = resource(
        "Addon",
        ClusterName=ref("Cluster"),
        AddonName="aws-ebs-csi-driver",
        AddonVersion="v1.50.0-eksbuild.1",
        PodIdentityAssociations=wanted,
        ResolveConflicts="OVERWRITE",
        Tags=[{"Key": "team", "Value": "platform"}],
    )
    told = plane.update({**BASE, "AddOn": add_on}, Outputs=outputs(Arn=get_att("AddOn", "Arn"), Ref=ref("AddOn")))
    found = eks.describe_addon(clusterName=NAME, addonName="aws-ebs-csi-driver")["addon"]
    assert told == {"Arn": found["addonArn"], "Ref": f"{NAME}|aws-ebs-csi-driver"}
    assert (found["addonVersion"], found["status"]) == ("v1.50.0-eksbuild.1", "ACTIVE")
    assert eks.list_addons(clusterName=NAME)["addons"] == ["aws-ebs-csi-driver"]
    [summary] = eks.list_pod_identity_associations(clusterName=NAME)["associations"]
    assert summary["associationArn"] in found["podIdentityAssociations"]
    assert (summary["namespace"], summary["ownerArn"]) == ("kube-system", found["addonArn"])
    add_on["Properties"]["AddonVersion"] = "v1.51.0-eksbuild.1"
    plane.update({**BASE, "AddOn": add_on})
    found = eks.describe_addon(clusterName=NAME, addonName="aws-ebs-csi-driver")["addon"]
    assert found["addonVersion"] == "v1.51.0-eksbuild.1"
    plane.update(BASE)
    assert eks.list_pod_identity_associations(clusterName=NAME)["associations"] == []
    unknown = resource("Addon", ClusterName=ref("Cluster"), AddonName="no-such-addon")
    assert "no-such-addon specified is not supported" in refused(plane, AddOn=unknown)
