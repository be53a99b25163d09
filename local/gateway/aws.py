"""boto3 clients of the emulated AWS. Nothing here ever talks to another endpoint or reads real credentials."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import anyio
import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_bedrock_agentcore_control import BedrockAgentCoreControlClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sts import STSClient
    from types_boto3_sts.type_defs import CredentialsTypeDef

INVOCATION_TIMEOUT_SECONDS = 15 * 60
"""Longest call of a target: AgentCore quotas, 15 minutes an invocation."""

CONCURRENT_INVOCATIONS = 256
"""Lambda functions that are invoked at a time: two interceptors and a target for each of some hundred callers."""

_RENEW_BEFORE = timedelta(minutes=5)

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Invocations:
    """Threads that wait for Lambda functions; anyio's own 40 are too few for a hundred callers."""

    def __init__(self) -> None:
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Call a function in a thread; who is cancelled meanwhile does not wait for its end."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(CONCURRENT_INVOCATIONS)
        return await anyio.to_thread.run_sync(
            lambda: function(*args, **kwargs), abandon_on_cancel=True, limiter=self._limiter
        )


class EmulatedAws:
    """Clients for one endpoint and region, with credentials that mean nothing outside of this machine."""

    def __init__(self, *, endpoint_url: str, region: str) -> None:
        self.endpoint_url = endpoint_url
        self.region = region

    def _client(self, service: str, *, read_timeout: float = 5, retries: int = 1, **credentials: Any) -> Any:
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]  # the name is one of six literals below
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            config=Config(
                proxies={},
                connect_timeout=2,
                read_timeout=read_timeout,
                retries={"total_max_attempts": retries, "mode": "standard"},
                max_pool_connections=CONCURRENT_INVOCATIONS,
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

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs, for the gateways' application logs."""
        client: CloudWatchLogsClient = self._client("logs")
        return client

    def lambda_with(self, credentials: Any) -> LambdaClient:
        """Lambda under temporary credentials. It never retries: a tool may have acted before its answer was lost."""
        client: LambdaClient = self._client(
            "lambda", read_timeout=INVOCATION_TIMEOUT_SECONDS + 10, **_as_arguments(credentials)
        )
        return client

    def agentcore_with(self, credentials: Any) -> Any:
        """AgentCore's data plane under temporary credentials: the token vault."""
        return self._client("bedrock-agentcore", read_timeout=30, **_as_arguments(credentials))


def _as_arguments(credentials: Any) -> dict[str, Any]:
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


class ExecutionRole:
    """A gateway's own role: what it may not do, the gateway cannot do. Safe to use from several threads."""

    def __init__(self, *, aws: EmulatedAws, role_arn: str, session_name: str) -> None:
        self._aws = aws
        self.invocations = Invocations()
        self._role_arn = role_arn
        self._session_name = session_name
        self._lock = threading.Lock()
        self._credentials: CredentialsTypeDef | None = None
        self._lambda: LambdaClient | None = None
        self._agentcore: Any = None

    def credentials(self) -> CredentialsTypeDef:
        """Return credentials of the role, renewed before they expire.

        Raises botocore's ClientError when the role cannot be assumed.
        """
        with self._lock:
            return self._fresh()

    def lambda_client(self) -> LambdaClient:
        """Return a Lambda client with credentials of the role; raises as `credentials` does."""
        with self._lock:
            credentials = self._fresh()
            if self._lambda is None:
                self._lambda = self._aws.lambda_with(credentials)
            return self._lambda

    def agentcore_client(self) -> Any:
        """Return a client of AgentCore's data plane with credentials of the role; raises as `credentials` does."""
        with self._lock:
            credentials = self._fresh()
            if self._agentcore is None:
                self._agentcore = self._aws.agentcore_with(credentials)
            return self._agentcore

    def _fresh(self) -> CredentialsTypeDef:
        """The credentials; new ones take the clients of the old ones away."""
        if self._credentials is None or datetime.now(UTC) > self._credentials["Expiration"] - _RENEW_BEFORE:
            answer = self._aws.sts.assume_role(RoleArn=self._role_arn, RoleSessionName=self._session_name)
            self._credentials = answer["Credentials"]
            self._lambda = self._agentcore = None
        return self._credentials
