"""EKS: who may do what in a cluster, and which roles its pods have, by access entries and Pod Identity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from joserfc.jwk import ECKey

from tests.local.aws_clients import aws_client
from tests.local.conftest import Emulator
from tests.local.eks_stacks import BASE, NAME, association, own_tags, refused, resource, trust
from tests.local.emulator_stacks import Stack, get_att, outputs, ref, role
from tests.local.service_accounts import service_account_token

pytest_plugins = ["tests.local.eks_fixtures"]

VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
EDIT = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
WORKER = "system:serviceaccount:team:worker"


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
