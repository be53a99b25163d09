"""The AWS tools read what is there, with exactly the IAM actions that they declare."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count
from policy_sentry.querying.actions import get_action_data

from aws_operations.handler import server
from tests.unit.lambda_calls import call, refusal
from toolkit import Permission
from toolkit.aws import _client, client

SPECS = {tool.name: tool for tool in server.describe().tools}
BUCKET = "acme-reports"

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
    "HeadObject": "s3:GetObject",
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
    ("s3_read_operations", {"operation": "get_object_metadata", "bucket": BUCKET, "key": "a/1.txt"}),
    ("ec2_read_operations", {"operation": "describe_instances"}),
    ("ec2_read_operations", {"operation": "describe_volumes"}),
    ("ec2_read_operations", {"operation": "describe_security_groups"}),
    ("ec2_read_operations", {"operation": "describe_vpcs"}),
    ("ec2_read_operations", {"operation": "describe_subnets"}),
]
RESOURCES = {"": "*", "bucket": f"arn:aws:s3:::{BUCKET}", "object": f"arn:aws:s3:::{BUCKET}/*"}


@pytest.fixture(scope="module")
def filled_account() -> Iterator[list[str]]:
    """An account with a bucket and a network; gives the names of the API operations that the tools call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # they take seconds
        with mock_aws():
            _fill_bucket()
            _fill_network()
            called: list[str] = []
            _start_afresh(called)
            yield called
    _client.cache_clear()
    boto3.DEFAULT_SESSION = None


@pytest.fixture
def account(filled_account: list[str]) -> list[str]:
    """The account, with no operation called yet."""
    filled_account.clear()
    return filled_account


def _start_afresh(called: list[str]) -> None:
    """Make the tools' clients anew, with the credentials of the environment, and note what they call."""
    boto3.setup_default_session()
    session = boto3.DEFAULT_SESSION
    assert session is not None
    session.events.register("before-call", lambda model, **_: called.append(model.name))
    _client.cache_clear()


def _fill_bucket() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket="bare-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    boto3.client("s3", "eu-west-1").delete_public_access_block(Bucket="bare-bucket")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "owner", "Value": "acme"}]})
    s3.put_public_access_block(
        Bucket=BUCKET,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    for number in range(1, 4):
        s3.put_object(
            Bucket=BUCKET, Key=f"a/{number}.txt", Body=b"abc", ContentType="text/plain", Metadata={"kind": "report"}
        )


def _fill_network() -> None:
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "lab"}])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="Web", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
    )
    ec2.run_instances(
        ImageId="ami-12345678",
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        SubnetId=subnet,
        SecurityGroupIds=[group],
    )


def as_role(actions: tuple[Permission, ...], work: Callable[[], Any], *, called: list[str]) -> Any:
    """Do something with the credentials of a role that has some actions and no others, IAM enforced."""
    iam = boto3.client("iam")
    name = f"tool-{next(_numbers)}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Path="/")
    statements = [
        {"Effect": "Allow", "Action": action.action, "Resource": RESOURCES[action.resource_type]} for action in actions
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="tool", PolicyDocument=document)
    credentials = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::123456789012:role/{name}", RoleSessionName="tool"
    )["Credentials"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", credentials["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", credentials["SecretAccessKey"])
        patch.setenv("AWS_SESSION_TOKEN", credentials["SessionToken"])
        _start_afresh([])
        enforced: Any = set_initial_no_auth_action_count(0)(work)
        answer = enforced()
    _start_afresh(called)
    return answer


_numbers = itertools.count()


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
        ("s3_read_operations", CALLS[3][1], "s3:GetObject"),
        *(
            (tool, arguments, ACTIONS_OF_OPERATIONS[name])
            for (tool, arguments), name in zip(
                CALLS[4:],
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


def test_buckets_are_listed_page_by_page(account: list[str]) -> None:
    made = datetime(2026, 11, 20, tzinfo=UTC)
    bucket = {"Name": BUCKET, "CreationDate": made, "BucketRegion": "eu-west-1"}
    with Stubber(client("s3")) as stubber:  # moto does not page buckets
        stubber.add_response(
            "list_buckets", {"Buckets": [bucket], "ContinuationToken": "next"}, {"MaxBuckets": 1, "Prefix": "acme"}
        )
        stubber.add_response("list_buckets", {"Buckets": []}, {"MaxBuckets": 100, "ContinuationToken": "next"})
        first = call(server, "s3_read_operations", {"operation": "list_buckets", "page_size": 1, "prefix": "acme"})
        second = call(server, "s3_read_operations", {"operation": "list_buckets", "page_token": "next"})
    listed = {"name": BUCKET, "region": "eu-west-1", "created": "2026-11-20T00:00:00+00:00"}
    assert first == {"buckets": [listed], "next_page_token": "next"}
    assert second == {"buckets": [], "next_page_token": None}


def test_a_buckets_settings_are_shown(account: list[str]) -> None:
    answer = call(server, "s3_read_operations", {"operation": "get_bucket_settings", "bucket": BUCKET})
    assert answer["region"] == "us-east-1"
    assert answer["versioning"] == "Enabled"
    assert answer["tags"] == {"owner": "acme"}
    assert answer["object_ownership"] == "BucketOwnerEnforced"
    assert answer["public_access_block"]["BlockPublicAcls"] is True
    assert answer["access_log"] is None


def test_settings_that_were_never_made_are_null(account: list[str]) -> None:
    answer = call(
        server,
        "s3_read_operations",
        {"operation": "get_bucket_settings", "bucket": "bare-bucket", "region": "eu-west-1"},
    )
    assert answer["region"] == "eu-west-1"
    assert answer["versioning"] == "Disabled"
    assert (answer["public_access_block"], answer["object_ownership"], answer["tags"]) == (None, None, {})


def test_objects_are_listed_page_by_page(account: list[str]) -> None:
    keys: list[str] = []
    arguments: dict[str, Any] = {"operation": "list_objects", "bucket": BUCKET, "prefix": "a/", "page_size": 2}
    while arguments.get("page_token", "") is not None:
        page = call(server, "s3_read_operations", arguments)
        keys += [entry["key"] for entry in page["objects"]]
        arguments["page_token"] = page["next_page_token"]
    assert keys == ["a/1.txt", "a/2.txt", "a/3.txt"]


def test_an_objects_metadata_is_shown_without_its_content(account: list[str]) -> None:
    answer = call(
        server, "s3_read_operations", {"operation": "get_object_metadata", "bucket": BUCKET, "key": "a/1.txt"}
    )
    assert answer["size_bytes"] == 3
    assert answer["content_type"] == "text/plain"
    assert answer["metadata"] == {"kind": "report"}
    assert set(account) == {"HeadObject"}


def test_instances_are_described_with_their_place_in_the_network(account: list[str]) -> None:
    vpcs = call(server, "ec2_read_operations", {"operation": "describe_vpcs", "filters": {"tag:Name": ["lab"]}})
    (vpc,) = vpcs["vpcs"]
    assert (vpc["name"], vpc["cidr"]) == ("lab", "10.9.0.0/16")
    within = {"vpc-id": [vpc["id"]]}
    (instance,) = call(server, "ec2_read_operations", {"operation": "describe_instances", "filters": within})[
        "instances"
    ]
    (subnet,) = call(server, "ec2_read_operations", {"operation": "describe_subnets", "filters": within})["subnets"]
    assert (instance["vpc_id"], instance["subnet_id"]) == (vpc["id"], subnet["id"])
    assert (instance["type"], instance["state"]) == ("t3.micro", "running")
    groups = call(
        server, "ec2_read_operations", {"operation": "describe_security_groups", "ids": instance["security_group_ids"]}
    )["security_groups"]
    assert groups[0]["ingress"] == [
        {
            "protocol": "tcp",
            "from_port": 443,
            "to_port": 443,
            "cidrs": ["10.0.0.0/8"],
            "security_group_ids": [],
            "prefix_list_ids": [],
        }
    ]
    volumes = call(server, "ec2_read_operations", {"operation": "describe_volumes"})["volumes"]
    assert [volume["attached_to"] for volume in volumes] == [[instance["id"]]]


def test_the_region_is_the_one_asked_for(account: list[str]) -> None:
    boto3.client("ec2", "eu-west-1").create_vpc(CidrBlock="10.77.0.0/16")
    cidrs = {
        region: {
            vpc["cidr"]
            for vpc in call(server, "ec2_read_operations", {"operation": "describe_vpcs", "region": region})["vpcs"]
        }
        for region in ("us-east-1", "eu-west-1")
    }
    assert "10.77.0.0/16" in cidrs["eu-west-1"] - cidrs["us-east-1"]


@pytest.mark.parametrize("region", ["", "US-EAST-1", "us-east", "evil.example/", "us-east-1.evil.example", "a" * 99])
def test_what_is_no_region_never_becomes_part_of_a_host_name(region: str, account: list[str]) -> None:
    for tool, operation in (("s3_read_operations", "list_buckets"), ("ec2_read_operations", "describe_vpcs")):
        assert "is not an AWS region" in refusal(call(server, tool, {"operation": operation, "region": region}))
    assert account == []


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("s3_read_operations", {"operation": "delete_bucket"}, "operation must be one of list_buckets, "),
        ("s3_read_operations", {"operation": "list_objects"}, "list_objects needs bucket"),
        ("s3_read_operations", {"operation": "list_buckets", "key": "k"}, "list_buckets does not take key"),
        (
            "s3_read_operations",
            {"operation": "list_buckets", "page_size": 0},
            "page_size must be from 1 to 1000",
        ),
        ("s3_read_operations", {"operation": "get_object_metadata"}, "needs bucket; get_object_metadata needs key"),
        ("s3_read_operations", {"operation": "list_objects", "bucket": "no-such-bucket"}, "NoSuchBucket"),
        ("s3_read_operations", {"operation": "list_objects", "bucket": "NOT/A/BUCKET"}, "Invalid bucket name"),
        ("ec2_read_operations", {"operation": "describe_vpcs", "page_size": 4}, "page_size must be from 5 to 1000"),
        ("ec2_read_operations", {"operation": "describe_vpcs", "ids": ["vpc-1"], "page_size": 5}, "cannot be combined"),
        ("ec2_read_operations", {"operation": "describe_vpcs", "ids": ["vpc-00000000"]}, "InvalidVpcID.NotFound"),
        ("ec2_read_operations", {"operation": "describe_vpcs", "filters": {"vpc-id": "x"}}, "filters.vpc-id must be"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    tool: str, arguments: Mapping[str, Any], message: str, account: list[str]
) -> None:
    assert message in refusal(call(server, tool, arguments))


def test_clients_are_kept_between_calls(account: list[str]) -> None:
    _client.cache_clear()
    for _ in range(3):
        call(server, "ec2_read_operations", {"operation": "describe_vpcs"})
        call(server, "ec2_read_operations", {"operation": "describe_vpcs", "region": "eu-west-1"})
    assert _client.cache_info().currsize == 2
