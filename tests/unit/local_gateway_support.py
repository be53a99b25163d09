"""A gateway without an AWS behind it: an identity provider, a control plane and a Lambda function in memory."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import httpx2
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import Key, RSAKey

from local.gateway.aws import EmulatedAws, ExecutionRole
from local.gateway.configuration import GatewayRecord, JwtAuthorizer, TargetRecord
from local.gateway.outbound import Outbound
from local.gateway.supervisor import Supervisor
from local.gateway.targets.context import TargetContext
from local.gateway.vault import Vault
from local.processes import free_port

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
JWKS = f"{ISSUER}/.well-known/jwks.json"
CLIENT = "1example23456789"
SCOPES = ("aws-operations/read", "aws-operations/write")
CLOSED = "http://127.0.0.1:1"
"""An address of this machine at which nothing listens."""
VERSIONS = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
AUTHORIZER = JwtAuthorizer(
    discovery_url=DISCOVERY, allowed_clients=(CLIENT,), allowed_scopes=SCOPES, advertised_scopes=SCOPES
)
SIGNING_KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"}, private=True)


@dataclass
class FakeProvider:
    """Cognito's discovery document and keys, answered in memory; counts how often each is asked for."""

    keys: list[Key] = field(default_factory=lambda: [SIGNING_KEY])
    algorithms: list[str] | None = field(default_factory=lambda: ["RS256"])
    down: bool = False
    asked: list[str] = field(default_factory=list)

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        url = str(request.url)
        self.asked.append(url)
        if self.down:
            raise httpx2.ConnectError("refused")
        if url == DISCOVERY:
            document: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": JWKS}
            if self.algorithms is not None:
                document["id_token_signing_alg_values_supported"] = self.algorithms
            return httpx2.Response(200, json=document)
        if url == JWKS:
            return httpx2.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        return httpx2.Response(404)


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a Cognito client-credentials access token; a change to None leaves the claim out."""
    now = int(time.time())
    base = {
        "sub": CLIENT,
        "token_use": "access",
        "scope": "aws-operations/read",
        "iss": ISSUER,
        "exp": now + 3600,
        "iat": now,
        "version": 2,
        "jti": "0b7a",
        "client_id": CLIENT,
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def token(*, key: Key = SIGNING_KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A signed token; `header` replaces the JOSE header's members."""
    joined = {"alg": "RS256", "kid": key.kid} | (header or {})
    joined = {name: value for name, value in joined.items() if value is not None}
    return jwt.encode(joined, claims(**changes), key, algorithms=[joined["alg"]])


def bearer(**changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**changes)}"}


GET_TIME = {
    "name": "get_time",
    "description": "Tell the current time.",
    "inputSchema": {
        "type": "object",
        "properties": {"zone": {"type": "string", "description": "Time zone."}},
        "required": ["zone"],
    },
    "outputSchema": {"type": "object", "properties": {"time": {"type": "string"}}},
}
HELLO = {
    "name": "hello_world",
    "description": "Greet someone by name.",
    "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}, "times": {"type": "integer"}}},
}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:aws-operations"


def lambda_target(*tools: dict[str, Any], **changes: Any) -> TargetRecord:
    record = TargetRecord(
        target_id="TARGET0001",
        name="aws-operations-v1",
        kind="mcp.lambda",
        configuration={"lambdaArn": FUNCTION, "toolSchema": {"inlinePayload": list(tools or (GET_TIME, HELLO))}},
        version="1",
    )
    return replace(record, **changes)


def gateway_record(*, port: int, **changes: Any) -> GatewayRecord:
    record = GatewayRecord(
        gateway_id="foundation-dev-abcdefghij",
        arn="arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/foundation-dev-abcdefghij",
        name="foundation-dev",
        url=f"http://127.0.0.1:{port}/mcp",
        role_arn="arn:aws:iam::123456789012:role/gateway",
        workload="foundation-dev-abcdefghij",
        authorizer=AUTHORIZER,
        supported_versions=VERSIONS,
        semantic_search=True,
        targets=(lambda_target(),),
    )
    return replace(record, **changes)


def target_context(record: TargetRecord, aws: EmulatedAws) -> TargetContext:
    """What a target of the example gateway is built from."""
    gateway = gateway_record(port=1)
    role = ExecutionRole(aws=aws, role_arn=gateway.role_arn, session_name=gateway.gateway_id)
    return TargetContext(
        record=record,
        gateway_id=gateway.gateway_id,
        aws=aws,
        role=role,
        vault=Vault(role=role, workload=gateway.workload),
        outbound=Outbound(edge_url=CLOSED, ca_file=None, timeout_seconds=2),
    )


class FakeLogs:
    """CloudWatch Logs in memory: `deliveries` are log groups by the ARN of what is delivered to them."""

    class exceptions:  # noqa: N801  # as boto3 names it
        class ResourceAlreadyExistsException(Exception):  # noqa: N818
            pass

    def __init__(self) -> None:
        self.deliveries: dict[str, str] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.down = False

    def get_paginator(self, operation: str) -> Any:
        named = list(self.deliveries.items())
        pages = {
            "describe_delivery_sources": {
                "deliverySources": [
                    {"name": f"{arn}-{kind}", "logType": kind, "resourceArns": [arn]}
                    for arn, _ in named
                    for kind in ("APPLICATION_LOGS", "TRACES")
                ]
            },
            "describe_delivery_destinations": {
                "deliveryDestinations": [
                    {
                        "arn": f"arn:destination:{group}",
                        "deliveryDestinationType": "CWL",
                        "deliveryDestinationConfiguration": {
                            "destinationResourceArn": f"arn:aws:logs:us-east-1:123456789012:log-group:{group}:*"
                        },
                    }
                    for _, group in named
                ]
            },
            "describe_deliveries": {
                "deliveries": [
                    {
                        "deliverySourceName": f"{arn}-APPLICATION_LOGS",
                        "deliveryDestinationArn": f"arn:destination:{group}",
                    }
                    for arn, group in named
                ]
            },
        }
        return SimpleNamespace(paginate=lambda: [pages[operation]])

    def create_log_stream(self, **request: Any) -> None:
        if request["logGroupName"] in self.events:
            raise self.exceptions.ResourceAlreadyExistsException
        self.events[request["logGroupName"]] = []

    def put_log_events(self, **request: Any) -> None:
        if self.down:
            raise ClientError({"Error": {"Code": "ServiceUnavailableException", "Message": "no"}}, "PutLogEvents")
        assert request["logEvents"] == sorted(request["logEvents"], key=lambda event: event["timestamp"])
        self.events[request["logGroupName"]] += request["logEvents"]

    def records(self, group: str) -> list[Any]:
        return [json.loads(event["message"]) for event in self.events.get(group, [])]


class FakeAws(EmulatedAws):
    """STS that hands out a role's credentials, Lambda functions, Logs, a token vault; all note what they get.

    `function` plays the target's function, `functions` others by their ARN; what they return is their answer, bytes as
    they are, an exception their failure. `secrets` are what the vault hands out in turn, the last one again and again;
    `vault_denied` refuses the role.
    """

    def __init__(self) -> None:
        super().__init__(endpoint_url=CLOSED, region="us-east-1")
        self.function: Callable[[dict[str, Any]], Any] = lambda event: {"echo": event}
        self.functions: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.invocations: list[dict[str, Any]] = []
        self.fake_logs = FakeLogs()
        self.assumed: list[str] = []
        self.role_denied = False
        self.denied_functions: set[str] = set()
        self.secrets = ["vault-secret-1", "vault-secret-2"]
        self.vault_denied = False
        self.asked_of_vault: list[dict[str, Any]] = []
        self.objects: dict[str, bytes] = {}

    @property
    def sts(self) -> Any:
        return self

    @property
    def s3(self) -> Any:
        return self

    @property
    def logs(self) -> Any:
        return self.fake_logs

    def get_object(self, **request: Any) -> dict[str, Any]:
        if (found := self.objects.get(f"{request['Bucket']}/{request['Key']}")) is None:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "no"}}, "GetObject")
        return {"Body": BytesIO(found)}

    def assume_role(self, **request: Any) -> dict[str, Any]:
        self.assumed.append(request["RoleArn"])
        credentials = {"AccessKeyId": "ASIA", "SecretAccessKey": "of-the-role", "SessionToken": request["RoleArn"]}
        return {"Credentials": credentials | {"Expiration": datetime.now(UTC) + timedelta(hours=1)}}

    def agentcore_with(self, credentials: Any) -> Any:
        assert credentials["SessionToken"] == self.assumed[-1]
        return self

    def get_workload_access_token(self, **request: Any) -> dict[str, Any]:
        if self.vault_denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetWorkloadAccessToken")
        return {"workloadAccessToken": f"identity of {request['workloadName']}"}

    def get_resource_api_key(self, **request: Any) -> dict[str, Any]:
        return {"apiKey": self._secret(request)}

    def get_resource_oauth2_token(self, **request: Any) -> dict[str, Any]:
        return {"accessToken": self._secret(request)}

    def _secret(self, request: dict[str, Any]) -> str:
        self.asked_of_vault.append(request)
        return self.secrets.pop(0) if len(self.secrets) > 1 else self.secrets[0]

    def lambda_with(self, credentials: Any) -> Any:
        assert credentials["SessionToken"] == self.assumed[-1]
        return self

    def invoke(self, **request: Any) -> dict[str, Any]:
        if self.role_denied or request["FunctionName"] in self.denied_functions:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke")
        event = json.loads(request["Payload"])
        if (named := self.functions.get(request["FunctionName"])) is not None:
            answer = named(event)
        else:
            custom = json.loads(base64.b64decode(request["ClientContext"]))["custom"]
            self.invocations.append(request | {"Custom": custom})
            answer = self.function(event)
        if isinstance(answer, Exception):
            body = {"errorMessage": str(answer), "errorType": type(answer).__name__, "stackTrace": ["secret line"]}
            return {"FunctionError": "Unhandled", "Payload": BytesIO(json.dumps(body).encode())}
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return {"Payload": BytesIO(raw)}


@dataclass
class Running:
    """A gateway that listens, and everything behind it."""

    record: GatewayRecord
    aws: FakeAws
    provider: FakeProvider
    supervisor: Supervisor
    deployed: list[GatewayRecord]

    @property
    def url(self) -> str:
        return self.record.url

    @property
    def origin(self) -> str:
        return self.record.url.removesuffix("/mcp")

    async def redeploy(self, *records: GatewayRecord) -> None:
        self.deployed[:] = records
        await self.supervisor.refresh()


@contextlib.asynccontextmanager
async def running_gateway(**changes: Any) -> AsyncIterator[Running]:
    """Start a gateway on a free port and stop it again."""
    record = gateway_record(port=free_port(), **changes)
    aws, provider, deployed = FakeAws(), FakeProvider(), [record]
    async with provider.client() as http:
        outbound = Outbound(edge_url=CLOSED, ca_file=None, timeout_seconds=2)
        supervisor = Supervisor(aws=aws, http=http, outbound=outbound, read=lambda: tuple(deployed))
        await supervisor.refresh()
        stop = asyncio.Event()
        try:
            yield Running(record, aws, provider, supervisor, deployed)
        finally:
            stop.set()
            await supervisor.run(stop)


async def post(url: str, method: str, *, params: dict[str, Any] | None = None, **headers: str) -> httpx2.Response:
    """Send one JSON-RPC request as a plain HTTP client would; keyword headers use _ for -."""
    body = {"jsonrpc": "2.0", "id": 7, "method": method} | ({"params": params} if params is not None else {})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.post(url, json=body, headers=named)
