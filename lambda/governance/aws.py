"""AWS clients for functions that someone waits for: made at the first use, with little patience."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_ssm import SSMClient


@lru_cache(maxsize=1)
def ssm() -> SSMClient:
    """A client of Parameter Store, kept between invocations."""
    client: SSMClient = _client("ssm")
    return client


@lru_cache(maxsize=1)
def logs() -> CloudWatchLogsClient:
    """A client of CloudWatch Logs, kept between invocations."""
    client: CloudWatchLogsClient = _client("logs")
    return client


def _client(service: str) -> Any:
    import boto3  # noqa: PLC0415 - see the package docstring
    from botocore.config import Config  # noqa: PLC0415

    # Cognito waits five seconds for its trigger, a caller of the gateway no longer than that: two tries fit in.
    config = Config(connect_timeout=1, read_timeout=1.5, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client(service, config=config)  # type: ignore[call-overload]
