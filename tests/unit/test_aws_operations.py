"""The AWS tools read what is there, page by page and region by region, and refuse the rest in a sentence."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from aws_operations.general.handler import server
from tests.scenarios.s3 import BUCKET
from tests.unit.lambda_account import filled_account
from tests.unit.lambda_calls import call, refusal
from toolkit.aws import Aws, _client


@pytest.fixture(scope="module")
def shared_account() -> Iterator[list[str]]:
    with filled_account() as called:
        yield called


@pytest.fixture
def account(shared_account: list[str]) -> list[str]:
    """The account; gives the names of the API operations that the tools call, none so far."""
    shared_account.clear()
    return shared_account


def test_buckets_are_listed_page_by_page(account: list[str]) -> None:
    made = datetime(2026, 11, 20, tzinfo=UTC)
    bucket = {"Name": BUCKET, "CreationDate": made, "BucketRegion": "eu-west-1"}
    with Stubber(Aws().client("s3")) as stubber:  # moto does not page buckets
        stubber.add_response(
            "list_buckets", {"Buckets": [bucket], "ContinuationToken": "next"}, {"MaxBuckets": 1, "Prefix": "acme"}
        )
        stubber.add_response("list_buckets", {"Buckets": []}, {"MaxBuckets": 100, "ContinuationToken": "next"})
        first = call(server, "s3_read_operations", {"operation": "list_buckets", "page_size": 1, "prefix": "acme"})
        second = call(server, "s3_read_operations", {"operation": "list_buckets", "page_token": "next"})
    listed = {"name": BUCKET, "region": "eu-west-1", "created": "2026-11-20T00:00:00+00:00"}
    assert first == {"buckets": [listed], "next_page_token": "next"}
    assert second == {"buckets": [], "next_page_token": None}


def test_settings_that_were_never_made_are_null(account: list[str]) -> None:
    s3 = boto3.client("s3", "eu-west-1")
    s3.create_bucket(Bucket="bare-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.delete_public_access_block(Bucket="bare-bucket")
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
    assert [instance["id"]] in [volume["attached_to"] for volume in volumes]


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


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("s3_read_operations", {"operation": "delete_bucket"}, "operation must be one of list_buckets, "),
        ("s3_read_operations", {"operation": "list_objects"}, "list_objects needs bucket"),
        ("s3_read_operations", {"operation": "list_buckets", "bucket": "b"}, "list_buckets does not take bucket"),
        (
            "s3_read_operations",
            {"operation": "list_buckets", "page_size": 0},
            "page_size must be from 1 to 1000",
        ),
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
