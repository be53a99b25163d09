"""What a tenant has in the cluster: its objects in order, and for each agent a role for nothing beyond its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.assemblies import assembly
from tests.templates import TENANTS, WITH_CLUSTER, Json, Template, many, policies, template, written

KUBECTL = "Custom::AWSCDK-EKS-KubernetesResource"
ASSOCIATION = "AWS::EKS::PodIdentityAssociation"
ROLE = "AWS::IAM::Role"
AGENTS = {"acme-corp": "reporting-agent", "globex": "delivery-agent"}
EVERYWHERE = [(environment, tenant) for environment in WITH_CLUSTER for tenant in TENANTS]


def workloads(environment: str, tenant: str) -> Template:
    """The template of a tenant's workloads."""
    return template(environment, f"workloads-{tenant}")


def manifest(resource: Json) -> Json:
    """The one object that a resource applies."""
    [found] = json.loads(resource["Properties"]["Manifest"])
    assert isinstance(found, dict)
    return found


def of_kind(stack: Template, kind: str) -> dict[str, Json]:
    """The resources that apply objects of a kind, by logical id."""
    return {name: one for name, one in stack.of_type(KUBECTL).items() if manifest(one)["kind"] == kind}


def behind(stack: Template, logical_id: str) -> set[str]:
    """All resources that CloudFormation makes before this one."""
    direct = set(stack.resources[logical_id].get("DependsOn", []))
    return direct.union(*(behind(stack, name) for name in direct))


@pytest.mark.parametrize(("environment", "tenant"), EVERYWHERE)
def test_the_objects_are_those_that_are_written_beside_the_templates(environment: str, tenant: str) -> None:
    """What CDK applies, kubectl and a GitOps tool can apply as well."""
    folder = assembly(environment) / "manifests" / tenant
    files = [yaml.safe_load(file.read_text()) for file in sorted(folder.glob("[0-9]*.yaml"))]
    applied = [manifest(resource) for resource in workloads(environment, tenant).of_type(KUBECTL).values()]
    assert applied == files
    assert {one["kind"] for one in files} >= {"Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "Deployment"}


@pytest.mark.parametrize(("environment", "tenant"), EVERYWHERE)
def test_every_rule_is_there_before_the_first_pod(environment: str, tenant: str) -> None:
    stack = workloads(environment, tenant)
    [deployment] = of_kind(stack, "Deployment")
    rules = {
        name
        for kind in ("Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ApplicationNetworkPolicy")
        for name in of_kind(stack, kind)
    }
    [namespace] = of_kind(stack, "Namespace")
    assert rules <= behind(stack, deployment)
    assert all(namespace in behind(stack, name) for name in stack.of_type(KUBECTL) if name != namespace)


@pytest.mark.parametrize(("environment", "tenant"), EVERYWHERE)
def test_a_pod_starts_with_the_whole_identity_of_its_agent(environment: str, tenant: str) -> None:
    """A pod gets credentials only when it is made, and IAM knows what they allow by then."""
    stack = workloads(environment, tenant)
    [deployment] = of_kind(stack, "Deployment")
    identity = {stack.id_of(kind) for kind in (ASSOCIATION, ROLE, "AWS::IAM::Policy")}
    assert identity <= behind(stack, deployment)


@pytest.mark.parametrize(("environment", "tenant"), EVERYWHERE)
def test_the_role_is_for_the_pods_of_one_service_account(environment: str, tenant: str) -> None:
    stack = workloads(environment, tenant)
    association = stack.only(ASSOCIATION)
    [account] = of_kind(stack, "ServiceAccount").values()
    named = manifest(account)["metadata"]
    assert (association["Namespace"], association["ServiceAccount"]) == (named["namespace"], named["name"])
    assert association["RoleArn"] == {"Fn::GetAtt": [stack.id_of(ROLE), "Arn"]}
    [statement] = stack.only(ROLE)["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert sorted(statement["Action"]) == ["sts:AssumeRole", "sts:TagSession"]
    cluster = f"arn:aws:eks:us-east-1:<AWS::AccountId>:cluster/{association['ClusterName']}"
    [(operator, tags)] = statement["Condition"].items()
    assert operator == "StringEquals"
    assert {key: written(value) for key, value in tags.items()} == {
        "aws:RequestTag/eks-cluster-arn": cluster,
        "aws:RequestTag/kubernetes-namespace": named["namespace"],
        "aws:RequestTag/kubernetes-service-account": named["name"],
    }


@pytest.mark.parametrize(("environment", "tenant"), EVERYWHERE)
def test_the_role_is_tagged_with_its_tenant_and_agent(environment: str, tenant: str) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in workloads(environment, tenant).only(ROLE)["Tags"]}
    assert (tags["foundation:tenant"], tags["foundation:agent"]) == (tenant, f"{tenant}/{AGENTS[tenant]}")


@pytest.mark.parametrize(("environment", "tenant"), EVERYWHERE)
def test_the_role_has_no_managed_policy_and_no_wildcard(environment: str, tenant: str) -> None:
    stack = workloads(environment, tenant)
    assert "ManagedPolicyArns" not in stack.only(ROLE)
    statements = [one for place, policy in policies(stack) if "Assume" not in place for one in policy["Statement"]]
    assert not any("*" in action for statement in statements for action in many(statement["Action"]))
    assert not any("*" in written(resource) for statement in statements for resource in many(statement["Resource"]))


def test_what_the_role_allows() -> None:
    """Each permission once, with the only things that it is for."""
    stack = workloads("prod", "acme-corp")
    [document] = [policy for place, policy in policies(stack) if "Assume" not in place]
    allowed: dict[str, set[str]] = {}
    for statement in document["Statement"]:
        for action in many(statement["Action"]):
            allowed.setdefault(action, set()).update(written(one) for one in many(statement["Resource"]))
    tenant, data = "<foundation-prod-tenant-acme-corp.", "<foundation-prod-data."
    assert {action.partition(":")[0] for action in allowed} == {
        "bedrock",
        "dynamodb",
        "kms",
        "secretsmanager",
        "ssm",
    }
    assert allowed["ssm:GetParameter"] == {
        "arn:aws:ssm:us-east-1:<AWS::AccountId>:parameter/foundation/prod/gateway/url"
    }
    [secret] = allowed["secretsmanager:GetSecretValue"]
    assert secret.startswith(f"{tenant}PublishOutputRefTenantAgentreportingagentCredentialsSecret")
    assert sorted(key.partition("PublishOutputFnGetAtt")[0] for key in allowed["kms:Decrypt"]) == [data, tenant]
    assert all(table.startswith(data) for table in allowed["dynamodb:Query"])
    regions = ("us-east-1", "us-east-2", "us-west-1", "us-west-2")
    assert allowed["bedrock:InvokeModel"] == {
        "arn:aws:bedrock:us-east-1:<AWS::AccountId>:inference-profile/us.anthropic.claude-sonnet-4-6",
        *(f"arn:aws:bedrock:{region}::foundation-model/anthropic.claude-sonnet-4-6" for region in regions),
    }


@pytest.mark.parametrize(("environment", "tenant"), EVERYWHERE)
def test_nothing_outside_refers_to_it_and_it_refers_to_no_other_tenant(environment: str, tenant: str) -> None:
    stack = workloads(environment, tenant)
    assert "Outputs" not in stack.body
    [other] = set(TENANTS) - {tenant}
    assert other not in json.dumps(stack.body)


@pytest.mark.parametrize(("environment", "tenant"), EVERYWHERE)
def test_pods_are_told_where_to_find_things_and_no_secret(environment: str, tenant: str) -> None:
    stack = workloads(environment, tenant)
    [deployment] = of_kind(stack, "Deployment").values()
    [container] = manifest(deployment)["spec"]["template"]["spec"]["containers"]
    told: dict[str, Any] = {one["name"]: one.get("value") for one in container["env"]}
    assert told["FOUNDATION_SECRET"] == f"foundation/{environment}/agents/{tenant}/{AGENTS[tenant]}"
    assert told["FOUNDATION_GATEWAY_URL_PARAMETER"] == f"/foundation/{environment}/gateway/url"
    secret = template(environment, f"tenant-{tenant}").properties("AWS::SecretsManager::Secret")
    assert told["FOUNDATION_SECRET"] in [one["Name"] for one in secret]
