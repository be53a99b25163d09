"""boto3 clients of an emulated AWS on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

OWNER = {"AccessKeyId": "test", "SecretAccessKey": "test"}
"""The credentials of the emulated account's owner, whom nothing is refused."""


def aws_client(service: str, endpoint_url: str, credentials: Mapping[str, Any] = OWNER) -> Any:
    """A client that asks once, so that a test sees what the first answer is.

    Args:
        service: the service as boto3 names it.
        endpoint_url: the emulated AWS.
        credentials: whose it is, as STS answers them.
    """
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )


def role_client(service: str, endpoint_url: str, role_arn: str) -> Any:
    """Such a client that acts as a role, which must let the account assume it."""
    assumed = aws_client("sts", endpoint_url).assume_role(RoleArn=role_arn, RoleSessionName="test")
    return aws_client(service, endpoint_url, assumed["Credentials"])
