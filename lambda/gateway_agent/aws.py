"""What an agent asks of AWS before it can work: its secret, and where the gateway is. boto3 comes at the first use."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx2

from gateway_agent.errors import GatewayAddressError
from gateway_agent.tokens import TokenSource

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

_TIMEOUT_SECONDS = 5.0
_ADDRESS_SECONDS = 300.0


def token_source(secret_id: str) -> TokenSource:
    """The tokens of an agent, with the AWS credentials and the proxies of the environment.

    Args:
        secret_id: Name or ARN of the agent's secret.
    """
    return TokenSource(secret_id, secrets=_client("secretsmanager"), http=httpx2.Client(timeout=_TIMEOUT_SECONDS))


class GatewayAddress:
    """Where the gateway is, read from Parameter Store and again after five minutes: a new gateway has a new address.

    Args:
        parameter: The parameter's name, `/foundation/<env>/gateway/url`.
        parameters: Parameter Store; a client of the environment's credentials when None.
    """

    def __init__(self, parameter: str, *, parameters: SSMClient | None = None) -> None:
        self._parameter = parameter
        self._parameters: SSMClient = parameters if parameters is not None else _client("ssm")
        self._lock = threading.Lock()
        self._known: tuple[str, float] | None = None

    def url(self) -> str:
        """The gateway's MCP endpoint; a known one stays while Parameter Store cannot be asked.

        Raises:
            GatewayAddressError: The parameter cannot be read and never was.
        """
        with self._lock:
            if self._known and time.monotonic() < self._known[1]:
                return self._known[0]
            try:
                url = self._read()
            except GatewayAddressError:
                if self._known is None:
                    raise
                url = self._known[0]
            self._known = (url, time.monotonic() + _ADDRESS_SECONDS)
            return url

    def _read(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see the module docstring

        try:
            return self._parameters.get_parameter(Name=self._parameter)["Parameter"]["Value"]
        except ClientError as error:
            cause = error.response.get("Error", {}).get("Code", "an error without a code")
        except BotoCoreError as error:
            cause = type(error).__name__
        raise GatewayAddressError(
            f"The parameter {self._parameter} cannot be read ({cause}): see that the gateway's stack is deployed, and "
            "that this process may read it."
        )


def _client(service: str) -> Any:
    """A boto3 client that gives up in time; `standard` retries throttling and broken connections.

    https://docs.aws.amazon.com/boto3/latest/guide/retries.html
    """
    import boto3  # noqa: PLC0415 - see the module docstring
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=_TIMEOUT_SECONDS,
        read_timeout=_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    region = os.environ.get("AWS_REGION")  # boto3 itself reads AWS_DEFAULT_REGION alone
    return boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]  # a literal above
