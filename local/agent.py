"""What an agent does to use the platform: read its secret, get a token, find the gateway.

The same three steps lead to a platform on AWS; here the AWS clients are given the emulated one's address.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import httpx2
from botocore.config import Config

from local.deployment import ENVIRONMENT
from local.emulator.settings import REGION
from local.failure import LocalRunError
from local.layout import Layout, Ports

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

SECRET_PREFIX = f"foundation/{ENVIRONMENT}/agents/"
URL_PARAMETER = f"/foundation/{ENVIRONMENT}/gateway/url"
_ROTATION_SECONDS = 180.0


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An agent's secret. Representations leave the secret value out."""

    client_id: str
    client_secret: str = field(repr=False)
    token_endpoint: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access token and the minutes that it is valid. Representations leave the token out."""

    value: str = field(repr=False)
    minutes: int


class Account:
    """The emulated account, as a program with AWS credentials sees it."""

    def __init__(self, *, layout: Layout, ports: Ports) -> None:
        self._layout = layout
        self._ports = ports

    @cached_property
    def s3(self) -> S3Client:
        """S3."""
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def iam(self) -> IAMClient:
        """IAM."""
        client: IAMClient = self._client("iam")
        return client

    @cached_property
    def sts(self) -> STSClient:
        """STS."""
        client: STSClient = self._client("sts")
        return client

    @cached_property
    def _functions(self) -> LambdaClient:
        client: LambdaClient = self._client("lambda")
        return client

    @cached_property
    def _secrets(self) -> SecretsManagerClient:
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    @cached_property
    def _parameters(self) -> SSMClient:
        client: SSMClient = self._client("ssm")
        return client

    def agents(self) -> tuple[str, ...]:
        """The deployed agents, each `<tenant>/<agent>`, sorted."""
        pages = self._secrets.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": [SECRET_PREFIX]}]
        )
        names = (secret["Name"] for page in pages for secret in page["SecretList"])
        return tuple(sorted(name.removeprefix(SECRET_PREFIX) for name in names if name.startswith(SECRET_PREFIX)))

    def conversations(self) -> dict[str, tuple[str, ...]]:
        """The agents that people talk to, each `<tenant>/<agent>`, with their callers, as their functions are told."""
        pages = self._functions.get_paginator("list_functions").paginate()
        found = (
            function.get("Environment", {}).get("Variables", {}) for page in pages for function in page["Functions"]
        )
        return {
            variables["FOUNDATION_AGENT"]: tuple(json.loads(variables["FOUNDATION_CALLERS"]))
            for variables in found
            if variables.keys() >= {"FOUNDATION_AGENT", "FOUNDATION_CALLERS"}
        }

    def first_agent(self) -> str:
        """The first of the deployed agents; raises LocalRunError while there is none."""
        agents = self.agents()
        if not agents:
            raise LocalRunError("No agent is deployed yet: run `make local` to its end.")
        return agents[0]

    def gateway_url(self) -> str:
        """Where MCP clients connect, as the gateway stack wrote it down.

        Raises LocalRunError while that stack is not deployed.
        """
        try:
            return self._parameters.get_parameter(Name=URL_PARAMETER)["Parameter"]["Value"]
        except self._parameters.exceptions.ParameterNotFound:
            raise LocalRunError("The gateway is not deployed (yet): run `make local` to its end.") from None

    def credentials(self, agent: str) -> Credentials | None:
        """An agent's secret; None while its first rotation has not written it.

        Raises LocalRunError for an agent that is not deployed, naming those that are.
        """
        try:
            answer = self._secrets.get_secret_value(SecretId=SECRET_PREFIX + agent)
        except self._secrets.exceptions.ResourceNotFoundException:
            known = ", ".join(self.agents()) or "none"
            raise LocalRunError(f"There is no agent {agent!r}; deployed are: {known}.") from None
        secret = json.loads(answer["SecretString"])
        if "client_secret" not in secret:
            return None
        return Credentials(
            client_id=secret["client_id"],
            client_secret=secret["client_secret"],
            token_endpoint=secret["token_endpoint"],
            scopes=tuple(secret["scopes"]),
        )

    def wait_for_credentials(self, agents: Iterable[str]) -> None:
        """Wait until every agent's first rotation has written its secret.

        CloudFormation starts it and does not wait for its end. Raises LocalRunError when one takes too long.
        """
        deadline = time.monotonic() + _ROTATION_SECONDS
        for agent in agents:
            while self.credentials(agent) is None:
                if time.monotonic() > deadline:
                    raise LocalRunError(
                        f"No rotation has written the secret {SECRET_PREFIX}{agent} within {_ROTATION_SECONDS:.0f} s; "
                        f"{self._layout.shown(self._layout.logs / 'emulator.log')} says what the function answered."
                    )
                time.sleep(0.1)

    def put_secret(self, name: str, text: str) -> None:
        """Store a secret, whether or not there is one of this name."""
        try:
            self._secrets.put_secret_value(SecretId=name, SecretString=text)
        except self._secrets.exceptions.ResourceNotFoundException:
            self._secrets.create_secret(Name=name, SecretString=text)

    def token(self, agent: str) -> Token:
        """Request an access token for an agent at the endpoint that its secret names (RFC 6749 section 4.4).

        The endpoint is the real https URL of AWS: the edge answers it, with a certificate that is verified.
        Raises LocalRunError when the agent is unknown, has no secret yet, or is refused.
        """
        credentials = self.credentials(agent)
        if credentials is None:
            raise LocalRunError(f"The secret of {agent} waits for its first rotation: try again in a few seconds.")
        with httpx2.Client(
            proxy=self._ports.edge_url,
            verify=ssl.create_default_context(cafile=str(self._layout.ca_file)),
            trust_env=False,
        ) as http:
            answer = http.post(
                credentials.token_endpoint,
                data={"grant_type": "client_credentials", "scope": " ".join(credentials.scopes)},
                auth=(credentials.client_id, credentials.client_secret),
            )
        if answer.status_code != 200:
            raise LocalRunError(
                f"{credentials.token_endpoint} answered {answer.status_code} to {agent}: "
                "rotate its secret (aws secretsmanager rotate-secret), then try again."
            )
        page = answer.json()
        return Token(value=page["access_token"], minutes=page["expires_in"] // 60)

    def _client(self, service: str) -> Any:
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]  # one of the literals above
            endpoint_url=self._ports.endpoint_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - means nothing outside of the emulated AWS
            config=Config(proxies={}, connect_timeout=2, read_timeout=20),
        )
