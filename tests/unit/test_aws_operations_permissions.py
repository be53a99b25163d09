"""The AWS tools need exactly the IAM actions that they declare."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data

from aws_operations.handler import server
from tests.unit.lambda_account import BUCKET, as_role, filled_account
from tests.unit.lambda_calls import call, refusal

SPECS = {tool.name: tool for tool in server.describe().tools}

# Which IAM action an API operation needs, from the operations' own pages and, where the names differ, from
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ACTIONS_OF_OPERATIONS = {
    "ListBuckets": "s3:ListAllMyBuckets",
    "GetBucketLocation": "s3:GetBucketLocation",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "GetBucketOwnershipControls": "s3:GetBucketOwnershipControls",
    "GetBucketLogging": "s3:GetBucketLogging",
    "GetBucketTagging": "s3:GetBucketTagging",
    "ListObjectsV2": "s3:ListBucket",
    "DescribeInstances": "ec2:DescribeInstances",
    "DescribeVolumes": "ec2:DescribeVolumes",
    "DescribeSecurityGroups": "ec2:DescribeSecurityGroups",
    "DescribeVpcs": "ec2:DescribeVpcs",
    "DescribeSubnets": "ec2:DescribeSubnets",
}

# Every operation of the two tools, with the arguments that it needs.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("s3_read_operations", {"operation": "list_buckets"}),
    ("s3_read_operations", {"operation": "get_bucket_settings", "bucket": BUCKET}),
    ("s3_read_operations", {"operation": "list_objects", "bucket": BUCKET}),
    ("ec2_read_operations", {"operation": "describe_instances"}),
    ("ec2_read_operations", {"operation": "describe_volumes"}),
    ("ec2_read_operations", {"operation": "describe_security_groups"}),
    ("ec2_read_operations", {"operation": "describe_vpcs"}),
    ("ec2_read_operations", {"operation": "describe_subnets"}),
]


@pytest.fixture(scope="module")
def shared_account() -> Iterator[list[str]]:
    with filled_account() as called:
        yield called


@pytest.fixture
def account(shared_account: list[str]) -> list[str]:
    """The account; gives the names of the API operations that the tools call, none so far."""
    shared_account.clear()
    return shared_account


def test_the_tools_declare_exactly_the_actions_that_they_call(account: list[str]) -> None:
    assert {spec.name for spec in SPECS.values() if not spec.actions} == {"hello_world", "get_time"}
    for tool in ("s3_read_operations", "ec2_read_operations"):
        account.clear()
        for name, arguments in CALLS:
            if name == tool:
                assert "isError" not in call(server, tool, arguments)
        assert {ACTIONS_OF_OPERATIONS[operation] for operation in account} == {
            action.action for action in SPECS[tool].actions
        }


def test_the_calls_above_are_all_operations() -> None:
    for tool in ("s3_read_operations", "ec2_read_operations"):
        tried = [arguments["operation"] for name, arguments in CALLS if name == tool]
        description = SPECS[tool].input_schema["properties"]["operation"]["description"]
        assert f"One of: {', '.join(tried)}." in description


def test_each_action_names_the_narrowest_resource_that_iam_knows() -> None:
    for action in server.describe().actions:
        service, _, name = action.action.partition(":")
        rows = get_action_data(service, name)[service]
        narrower = [row["resource_arn_format"] for row in rows if row["resource_arn_format"] != "*"]
        assert all(row["access_level"] in ("Read", "List") for row in rows)
        assert bool(narrower) == bool(action.resource_type), f"{action}: {narrower}"


@pytest.mark.parametrize(("tool", "arguments"), CALLS, ids=[arguments["operation"] for _, arguments in CALLS])
def test_a_role_with_the_declared_actions_suffices(tool: str, arguments: Mapping[str, Any], account: list[str]) -> None:
    answer = as_role(SPECS[tool].actions, lambda: call(server, tool, arguments), called=account)
    assert "isError" not in answer, answer


@pytest.mark.parametrize(
    ("tool", "arguments", "action"),
    [
        # moto asks for s3:ListBucket where it does not know a bucket setting's own action; the rest is exact.
        ("s3_read_operations", CALLS[0][1], "s3:ListAllMyBuckets"),
        ("s3_read_operations", CALLS[1][1], "s3:GetBucketLocation"),
        ("s3_read_operations", CALLS[1][1], "s3:GetBucketVersioning"),
        ("s3_read_operations", CALLS[1][1], "s3:GetBucketLogging"),
        ("s3_read_operations", CALLS[1][1], "s3:GetBucketTagging"),
        ("s3_read_operations", CALLS[2][1], "s3:ListBucket"),
        *(
            (tool, arguments, ACTIONS_OF_OPERATIONS[name])
            for (tool, arguments), name in zip(
                CALLS[3:],
                ["DescribeInstances", "DescribeVolumes", "DescribeSecurityGroups", "DescribeVpcs", "DescribeSubnets"],
                strict=True,
            )
        ),
    ],
)
def test_a_missing_permission_is_told_without_the_role_or_account(
    tool: str, arguments: Mapping[str, Any], action: str, account: list[str]
) -> None:
    fewer = tuple(granted for granted in SPECS[tool].actions if granted.action != action)
    assert len(fewer) == len(SPECS[tool].actions) - 1
    message = refusal(as_role(fewer, lambda: call(server, tool, arguments), called=account))
    assert message.startswith("AWS refused ")
    assert "permission" in message
    assert "123456789012" not in message
