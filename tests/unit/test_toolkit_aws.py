"""AWS errors become sentences that a model can act on, without what it must not see; everything else stays inside."""

from typing import Any, Literal

import pytest
from botocore import exceptions

from toolkit import DeclarationError
from toolkit.aws import client, explained
from toolkit.operations import Operations

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


def test_clients_give_up_before_the_function_does() -> None:
    config = client("s3", "us-east-1").meta.config
    attempts = config.retries["total_max_attempts"]
    assert (config.connect_timeout + config.read_timeout) * attempts < 30


def test_operations_that_are_not_the_literals_are_refused() -> None:
    with pytest.raises(DeclarationError, match="are not those of the Literal"):
        Operations(Literal["a", "b"], {"a": dict})
