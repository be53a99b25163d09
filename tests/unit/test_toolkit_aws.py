"""AWS errors become sentences that a model can act on, without what it must not see; everything else stays inside."""

from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws

from tests.unit.lambda_calls import context_for, refusal
from toolkit import ToolError, ToolServer
from toolkit.aws import Aws, _client, explained

ROLE = "arn:aws:sts::123456789012:assumed-role/foundation-dev-tools/x"


def response(code: str, message: str = "", *, status: int = 400) -> exceptions.ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(answer, "DescribeVpcs")


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        (
            response(
                "UnauthorizedOperation",
                f"User: {ROLE} is not authorized to perform: ec2:DescribeVpcs because no policy allows it",
            ),
            "AWS refused DescribeVpcs (UnauthorizedOperation): the permission ec2:DescribeVpcs is missing",
            "access_denied",
        ),
        (
            response("403", "Forbidden"),
            "AWS refused DescribeVpcs (403): a permission is missing or a policy denies it",
            "access_denied",
        ),
        (
            response("RequestLimitExceeded", "Request limit exceeded.", status=503),
            "AWS limits the rate of DescribeVpcs (RequestLimitExceeded); try again in a few seconds",
            "throttled",
        ),
        (
            response("InternalError", "oops", status=500),
            "AWS failed at DescribeVpcs (InternalError); try again later",
            "aws_failed",
        ),
        (
            response("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist"),
            "AWS could not do DescribeVpcs (InvalidVpcID.NotFound): The vpc ID 'vpc-1' does not exist",
            "aws_refused",
        ),
        (
            exceptions.EndpointConnectionError(endpoint_url="https://ec2.us-east-9.amazonaws.com"),
            "AWS did not answer; check that the region exists and is reachable from the tool's network",
            "unreachable",
        ),
        (
            exceptions.ReadTimeoutError(endpoint_url="https://ec2.us-east-1.amazonaws.com"),
            "AWS did not answer; check that the region exists and is reachable from the tool's network",
            "unreachable",
        ),
        (
            exceptions.ParamValidationError(report="Invalid length for parameter X"),
            "AWS does not take these parameters: Parameter validation failed:\nInvalid length for parameter X",
            "invalid_arguments",
        ),
    ],
)
def test_an_aws_error_is_explained(error: Exception, message: str, code: str) -> None:
    refusal = explained(error)
    assert refusal is not None
    assert (str(refusal), refusal.code) == (message, code)


def test_the_record_gets_awss_own_code() -> None:
    refusal = explained(response("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist"))
    assert refusal is not None
    assert refusal.cause == "DescribeVpcs InvalidVpcID.NotFound"


@pytest.mark.parametrize(
    "error", [ValueError("x"), exceptions.NoCredentialsError(), exceptions.NoRegionError(), KeyError("x")]
)
def test_what_the_caller_cannot_help_stays_an_internal_error(error: Exception) -> None:
    assert explained(error) is None


@pytest.fixture
def own_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")


def test_a_region_that_does_not_answer_leaves_time_for_another_try() -> None:
    config = Aws("us-east-1").client("s3").meta.config
    assert (config.connect_timeout + config.read_timeout) * 2 < 30


@pytest.mark.parametrize("region", ["", "US-EAST-1", "eu-west-1", "evil.example/", "us-east-1.evil.example", "a" * 99])
def test_only_regions_of_the_settings_are_read(region: str, own_region: None) -> None:
    with pytest.raises(ToolError, match="is not an AWS region that this platform reads; give one of us-east-1"):
        Aws.chosen(region=region, account=None)


def test_the_settings_add_regions(monkeypatch: pytest.MonkeyPatch, own_region: None) -> None:
    monkeypatch.setenv("FOUNDATION_REGIONS", "us-east-1,eu-west-1")
    assert Aws.chosen(region="eu-west-1", account=None).client("ec2").meta.region_name == "eu-west-1"
    with pytest.raises(ToolError, match="give one of us-east-1, eu-west-1"):
        Aws.chosen(region="eu-west-2", account=None)


def test_only_accounts_of_the_settings_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match="'1' is no AWS account that this platform reads; leave account out"):
        Aws.chosen(region=None, account="1")
    monkeypatch.setenv("FOUNDATION_ACCOUNTS", '{"111122223333": "arn:aws:iam::111122223333:role/reader"}')
    with pytest.raises(ToolError, match="give one of 111122223333"):
        Aws.chosen(region=None, account="1")


def test_another_account_is_read_as_the_role_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "foundation-dev-tools")
    monkeypatch.setenv("FOUNDATION_ACCOUNTS", '{"111122223333": "arn:aws:iam::111122223333:role/reader"}')
    with mock_aws():
        boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="own")
        there = Aws.chosen(region=None, account="111122223333").client("sts")
        assert there.get_caller_identity()["Arn"].endswith("111122223333:assumed-role/reader/foundation-dev-tools")
        assert "QueueUrls" not in Aws(None, "111122223333").client("sqs").list_queues()


def answering(*answers: tuple[int, bytes]) -> tuple[Aws, list[int]]:
    """An account whose S3 gives these answers, one a request, and the statuses that it gave so far."""
    aws, given, waiting = Aws("us-east-1"), [], iter(answers)

    def send(request: Any, **_: Any) -> AWSResponse:
        status, body = next(waiting)
        given.append(status)
        raw: Any = SimpleNamespace(stream=lambda **_: iter([body]))
        return AWSResponse(request.url, status, HTTPHeaders(), raw)

    _client.cache_clear()
    aws.client("s3").meta.events.register("before-send.s3", send)
    return aws, given


THROTTLED = (503, b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")
NO_BUCKETS = (200, b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")


@pytest.fixture
def some_credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    yield
    _client.cache_clear()


def test_a_throttled_call_is_tried_again(some_credentials: None) -> None:
    aws, given = answering(THROTTLED, THROTTLED, NO_BUCKETS)
    assert aws.client("s3").list_buckets()["Buckets"] == []
    assert given == [503, 503, 200]


def test_throttling_without_end_stops_with_the_functions_time(some_credentials: None) -> None:
    aws, given = answering(*[THROTTLED] * 99)
    server = ToolServer("slow", version="1.0.0")

    @server.tool(actions=["s3:ListAllMyBuckets"])
    def list_buckets() -> dict[str, Any]:
        """List buckets."""
        while True:  # more patient than botocore
            with suppress(exceptions.ClientError):
                aws.client("s3").list_buckets()

    context = context_for("list_buckets")
    context.remaining_ms = 2500
    assert "when the tool's time was over" in refusal(server.handler({}, context))
    assert len(given) >= 2
