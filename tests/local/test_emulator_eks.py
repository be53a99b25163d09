"""EKS: what stacks make of it and its API tells, what it refuses, and the Kubernetes objects that are recorded."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from joserfc.jwk import ECKey

from tests.local.aws_clients import aws_client
from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    LAMBDA_TRUST,
    Stack,
    StackFailedError,
    function,
    get_att,
    outputs,
    ref,
    role,
    stack,
)
from tests.local.service_accounts import service_account_token

NAME = "plane"
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
EDIT = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}


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


def manifest(*objects: Any, **settings: Any) -> dict[str, Any]:
    """What CDK's KubernetesManifest is in a template."""
    properties = {
        "ServiceToken": get_att("Provider", "Arn"),
        "ClusterName": ref("Cluster"),
        "Manifest": json.dumps(objects),
        "PruneLabel": "aws.cdk.eks/prune-1",
        **settings,
    }
    return {"Type": "Custom::AWSCDK-EKS-KubernetesResource", "Properties": properties}


def config_map(name: str, namespace: str = "team") -> dict[str, Any]:
    """A namespaced object."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


def own_tags(found: dict[str, Any]) -> dict[str, str]:
    """The tags that the template gives, without CloudFormation's."""
    return {key: value for key, value in found["tags"].items() if not key.startswith("aws:")}


def recorded(emulator: Emulator) -> list[str]:
    """The objects that the cluster is said to have, as `kind/name`."""
    objects = json.loads((emulator.state / "kubernetes" / f"{NAME}.json").read_text(encoding="utf-8"))
    return [f"{one['kind']}/{one['metadata']['name']}" for one in objects]


@pytest.fixture(scope="module")
def with_cluster(emulator: Emulator) -> Iterator[Stack]:
    """A stack with a cluster for all tests here."""
    with stack(emulator, "eks") as made:
        made.create(BASE)
        yield made


@pytest.fixture
def plane(with_cluster: Stack) -> Iterator[Stack]:
    """That stack, which has nothing but the cluster before and after a test."""
    yield with_cluster
    with contextlib.suppress(ClientError):  # nothing is to be changed after a change that was refused
        with_cluster.update(BASE)
    assert with_cluster.status().startswith("UPDATE_")
    assert not with_cluster.status().endswith("FAILED")


def refused(made: Stack, **more: Any) -> str:
    """Why adding these resources fails."""
    with pytest.raises(StackFailedError) as failure:
        made.update({**BASE, **more})
    return str(failure.value)


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


def association(**settings: Any) -> dict[str, Any]:
    """An association of a service account."""
    properties = {
        "ClusterName": NAME,
        "Namespace": "team",
        "ServiceAccount": "worker",
        "RoleArn": get_att("Pods", "Arn"),
    }
    return {**resource("PodIdentityAssociation", **{**properties, **settings}), "DependsOn": "Cluster"}


def test_an_association_of_a_service_account(emulator: Emulator, plane: Stack) -> None:
    eks = emulator.client("eks")
    told = plane.update(
        {**BASE, "Association": association()},
        Outputs=outputs(
            Ref=ref("Association"), Id=get_att("Association", "AssociationId"), Role=get_att("Pods", "Arn")
        ),
    )
    found = eks.describe_pod_identity_association(clusterName=NAME, associationId=told["Id"])["association"]
    assert told["Ref"] == found["associationArn"]
    assert (found["namespace"], found["serviceAccount"], found["roleArn"]) == ("team", "worker", told["Role"])
    plane.update({**BASE, "Association": association(Tags=[{"Key": "team", "Value": "platform"}])})
    found = eks.describe_pod_identity_association(clusterName=NAME, associationId=told["Id"])["association"]
    assert own_tags(found) == {"team": "platform"}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"ClusterName": "nowhere"}, "No cluster found for name: nowhere"),
        ({"RoleArn": get_att("Node", "Arn")}, "sts:AssumeRole, sts:TagSession"),
        ({}, "Association already exists for service account worker"),
    ],
)
def test_an_association_that_eks_would_refuse(plane: Stack, settings: dict[str, Any], reason: str) -> None:
    first = {"First": association()} if not settings else {}
    if first:
        plane.update({**BASE, **first})
    assert reason in refused(plane, **first, Association=association(**settings))


def test_an_access_entry_and_its_policies(emulator: Emulator, plane: Stack) -> None:
    eks = emulator.client("eks")

    def entry(*policies: str, **settings: Any) -> dict[str, Any]:
        scope = {"Type": "cluster"}
        return resource(
            "AccessEntry",
            ClusterName=ref("Cluster"),
            PrincipalArn=get_att("Node", "Arn"),
            AccessPolicies=[{"PolicyArn": policy, "AccessScope": scope} for policy in policies],
            **settings,
        )

    def associated(arn: str) -> set[str]:
        answer = eks.list_associated_access_policies(clusterName=NAME, principalArn=arn)
        return {policy["policyArn"] for policy in answer["associatedAccessPolicies"]}

    told = plane.update({**BASE, "Entry": entry(VIEW)}, Outputs=outputs(Role=get_att("Node", "Arn")))
    assert associated(told["Role"]) == {VIEW}
    plane.update({**BASE, "Entry": entry(EDIT, KubernetesGroups=["readers"])})
    assert associated(told["Role"]) == {EDIT}
    found = eks.describe_access_entry(clusterName=NAME, principalArn=told["Role"])["accessEntry"]
    assert (found["kubernetesGroups"], found["type"]) == (["readers"], "STANDARD")
    plane.update(BASE)
    assert eks.list_access_entries(clusterName=NAME)["accessEntries"] == []


def test_nodes_of_auto_mode_have_their_own_policy_and_no_other(emulator: Emulator, plane: Stack) -> None:
    def nodes(policy: str) -> dict[str, Any]:
        policies = [{"PolicyArn": policy, "AccessScope": {"Type": "cluster"}}]
        principal = get_att("Node", "Arn")
        return resource(
            "AccessEntry", ClusterName=ref("Cluster"), PrincipalArn=principal, Type="EC2", AccessPolicies=policies
        )

    assert "can only have" in refused(plane, Entry=nodes(VIEW))
    own = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy"
    told = plane.update({**BASE, "Entry": nodes(own)}, Outputs=outputs(Role=get_att("Node", "Arn")))
    answer = emulator.client("eks").list_associated_access_policies(clusterName=NAME, principalArn=told["Role"])
    assert [policy["policyArn"] for policy in answer["associatedAccessPolicies"]] == [own]


def test_manifests_are_recorded_changed_pruned_and_removed(emulator: Emulator, plane: Stack) -> None:
    first = {"Objects": manifest(NAMESPACE, config_map("one"), config_map("two"))}
    plane.update({**BASE, **first})
    assert recorded(emulator) == ["Namespace/team", "ConfigMap/one", "ConfigMap/two"]
    plane.update({**BASE, "Objects": manifest(NAMESPACE, config_map("two"), config_map("three"))})
    assert recorded(emulator) == ["Namespace/team", "ConfigMap/two", "ConfigMap/three"]
    plane.update(BASE)
    assert recorded(emulator) == []


def test_an_add_on_brings_its_namespace(plane: Stack) -> None:
    add_on = resource("Addon", ClusterName=ref("Cluster"), AddonName="amazon-cloudwatch-observability")
    objects = manifest(config_map("one", "amazon-cloudwatch"))
    assert "namespaces 'amazon-cloudwatch' not found" in refused(plane, Objects=objects)
    plane.update({**BASE, "AddOn": add_on, "Objects": {**objects, "DependsOn": "AddOn"}})


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (manifest(config_map("one", "elsewhere")), "namespaces 'elsewhere' not found"),
        (manifest({"kind": "Pod", "metadata": {"name": "x"}}), "has no apiVersion"),
        (manifest({"apiVersion": "v1", "kind": "Pod"}), "has no metadata.name"),
        (manifest(Manifest="- kind: Pod"), "no JSON"),
        (manifest(NAMESPACE, ClusterName="nowhere"), "No cluster found for name: nowhere"),
        (manifest(NAMESPACE, ServiceToken="arn:aws:lambda:us-east-1:123456789012:function:none"), "Function not found"),
        ({**manifest(), "Type": "Custom::AWSCDK-EKS-HelmChart"}, "no Kubernetes API server"),
    ],
)
def test_a_manifest_that_could_not_be_applied(plane: Stack, wrong: dict[str, Any], reason: str) -> None:
    assert reason in refused(plane, Objects=wrong)


def test_an_object_is_created_once(plane: Stack) -> None:
    plane.update({**BASE, "Objects": manifest(NAMESPACE)})
    again = {**manifest(NAMESPACE), "DependsOn": "Objects"}
    assert "AlreadyExists: Namespace team" in refused(plane, Objects=manifest(NAMESPACE), Again=again)


WORKER = "system:serviceaccount:team:worker"


@pytest.fixture
def with_association(emulator: Emulator, plane: Stack) -> Any:
    """A client of EKS Auth, where the service account team/worker has a role for its own session's tags."""
    conditions = {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "team"}}
    trusting = trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")
    trusting["Statement"][0]["Condition"] = conditions
    plane.update(
        {
            **BASE,
            "Strict": role(trusting, {"Effect": "Allow", "Action": "eks:ListClusters", "Resource": "*"}),
            "Association": association(RoleArn=get_att("Strict", "Arn")),
            "Elsewhere": association(Namespace="other", RoleArn=get_att("Strict", "Arn")),
        }
    )
    return emulator.client("eks-auth")


def test_a_pod_gets_a_session_of_its_role(emulator: Emulator, with_association: Any) -> None:
    answer = with_association.assume_role_for_pod_identity(
        clusterName=NAME, token=service_account_token(emulator.state / "service-accounts.pem", subject=WORKER)
    )
    assert answer["subject"] == {"namespace": "team", "serviceAccount": "worker"}
    given = answer["credentials"]
    credentials = {name[:1].upper() + name[1:]: given[name] for name in given}
    eks = aws_client("eks", emulator.endpoint_url, credentials)
    assert NAME in eks.list_clusters()["clusters"]
    with pytest.raises(ClientError, match="AccessDenied"):
        eks.describe_cluster(name=NAME)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"subject": "system:serviceaccount:team:nobody"}, "ResourceNotFoundException"),
        ({"subject": "system:serviceaccount:other:worker"}, "AccessDeniedException"),
        ({"subject": "system:node:one"}, "InvalidTokenException"),
        ({"audience": "sts.amazonaws.com"}, "InvalidTokenException"),
    ],
)
def test_other_pods_get_none(emulator: Emulator, with_association: Any, wrong: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        with_association.assume_role_for_pod_identity(
            clusterName=NAME,
            token=service_account_token(emulator.state / "service-accounts.pem", **{"subject": WORKER, **wrong}),
        )
    assert caught.value.response["Error"]["Code"] == code


def test_a_token_of_another_signer_is_none(tmp_path: Path, with_association: Any) -> None:
    strange = tmp_path / "key.pem"
    strange.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    with pytest.raises(ClientError, match="InvalidTokenException"):
        with_association.assume_role_for_pod_identity(
            clusterName=NAME, token=service_account_token(strange, subject=WORKER)
        )
