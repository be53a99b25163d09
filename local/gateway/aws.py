"""boto3 clients of the emulated AWS. Nothing here ever talks to another endpoint or reads real credentials."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_bedrock_agentcore_control import BedrockAgentCoreControlClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_sts import STSClient

LAMBDA_TIMEOUT_SECONDS = 15 * 60
"""Longest call of a target: AgentCore quotas, 15 minutes an invocation."""

_RENEW_BEFORE = timedelta(minutes=5)


class EmulatedAws:
    """Clients for one endpoint and region, with credentials that mean nothing outside of this machine."""

    def __init__(self, *, endpoint_url: str, region: str) -> None:
        self.endpoint_url = endpoint_url
        self.region = region

    def _client(self, service: str, *, read_timeout: float = 5, retries: int = 1, **credentials: Any) -> Any:
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]  # the name is one of four literals below
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            config=Config(
                proxies={},
                connect_timeout=2,
                read_timeout=read_timeout,
                retries={"total_max_attempts": retries, "mode": "standard"},
                max_pool_connections=50,
            ),
            **(credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}),
        )

    @cached_property
    def control(self) -> BedrockAgentCoreControlClient:
        """The AgentCore control plane."""
        client: BedrockAgentCoreControlClient = self._client("bedrock-agentcore-control")
        return client

    @cached_property
    def s3(self) -> S3Client:
        """S3, for tool schemas that are not inline."""
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def sts(self) -> STSClient:
        """STS, to become the gateway's execution role."""
        client: STSClient = self._client("sts")
        return client

    def lambda_with(self, credentials: Any) -> LambdaClient:
        """Lambda under temporary credentials. It never retries: a tool may have acted before its answer was lost."""
        client: LambdaClient = self._client(
            "lambda",
            read_timeout=LAMBDA_TIMEOUT_SECONDS + 10,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
        return client


class ExecutionRole:
    """A gateway's own role: what it may not invoke, the gateway cannot invoke. Safe to use from several threads."""

    def __init__(self, *, aws: EmulatedAws, role_arn: str, session_name: str) -> None:
        self._aws = aws
        self._role_arn = role_arn
        self._session_name = session_name
        self._lock = threading.Lock()
        self._lambda: LambdaClient | None = None
        self._expires = datetime.min.replace(tzinfo=UTC)

    def lambda_client(self) -> LambdaClient:
        """Return a Lambda client with credentials of the role, renewed before they expire.

        Raises botocore's ClientError when the role cannot be assumed.
        """
        with self._lock:
            if self._lambda is None or datetime.now(UTC) > self._expires - _RENEW_BEFORE:
                answer = self._aws.sts.assume_role(RoleArn=self._role_arn, RoleSessionName=self._session_name)
                self._expires = answer["Credentials"]["Expiration"]
                self._lambda = self._aws.lambda_with(answer["Credentials"])
            return self._lambda
