"""The data stack: conversations are recoverable, encrypted and expire; a tenant reaches its own alone (R14)."""

import pytest
from aws_cdk import App, Environment, Stack, aws_iam as iam
from aws_cdk.assertions import Template

from foundation.conversation_table import ConversationTable
from foundation.encryption import EncryptionKey
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import many, template

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


@in_every_environment
def test_the_table_is_recoverable_streamed_and_expires(environment: str) -> None:
    table = template(environment, "data").only("AWS::DynamoDB::GlobalTable")
    [replica] = table["Replicas"]
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [{"AttributeName": "conversation_id", "KeyType": "HASH"}]


@in_every_environment
def test_the_table_is_encrypted_under_a_key_of_ours(environment: str) -> None:
    data = template(environment, "data")
    table = data.only("AWS::DynamoDB::GlobalTable")
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    [replica] = table["Replicas"]
    assert replica["SSESpecification"] == {"KMSMasterKeyId": {"Fn::GetAtt": [data.id_of("AWS::KMS::Key"), "Arn"]}}


@in_every_environment
def test_deletion_protection_is_the_settings(environment: str) -> None:
    [replica] = template(environment, "data").only("AWS::DynamoDB::GlobalTable")["Replicas"]
    assert replica["DeletionProtectionEnabled"] is load_settings(environment).environment.protection.retain_data


def test_a_tenants_role_reaches_the_tenants_items_alone() -> None:
    stack = Stack(App(), "Stack", env=Environment(region="us-east-1"))
    key = EncryptionKey(stack, "Key", alias="data", description="Conversations", retain=False)
    table = ConversationTable(stack, "Conversations", key=key, retention_days=30, retain=False)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    table.grant_tenant(role, tenant="acme-corp")
    resources = Template.from_stack(stack).to_json()["Resources"].values()
    [policy] = [r["Properties"]["PolicyDocument"] for r in resources if r["Type"] == "AWS::IAM::Policy"]
    [items, decrypt] = policy["Statement"]
    assert items["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["acme-corp#*"]},
        # ForAllValues holds for a request without keys (Scan); this one does not.
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    assert not {"dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:PartiQLSelect"} & set(items["Action"])
    assert [name.split(":")[0] for name in items["Action"]] == ["dynamodb"] * len(items["Action"])
    assert "*" not in many(items["Resource"])
    assert many(decrypt["Action"]) == ["kms:Decrypt"]
