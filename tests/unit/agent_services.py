"""What an agent meets, as real HTTP servers on this machine: AWS's secrets and parameters, a token endpoint, a gateway.

Each keeps the rules of what it stands for: the token endpoint admits the client secrets that are live, the gateway the
tokens that were given and not revoked, and its MCP side is the official SDK's server.
"""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import boto3
import httpx2
import uvicorn
from botocore.config import Config
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECRET = "foundation/test/agents/acme-corp/finance-agent"
PARAMETER = "/foundation/test/gateway/url"
TARGET = "aws-operations-v1"
SCOPES = ["aws-operations/read"]
LARGE = 1_000_000

Answer = Callable[[Request], Response]


@dataclass
class Call:
    """A request that reached the gateway: its JSON-RPC message and its headers."""

    message: dict[str, Any]
    headers: dict[str, str]


@dataclass
class AgentServices:
    """The services, and what they know.

    Attributes:
        origin: where they answer.
        secret: what the agent's secret holds.
        live: the client secrets that the token endpoint admits.
        lifetime: seconds that a token lives.
        given: the tokens that were given.
        revoked: those that the gateway refuses.
        token_answers: what the token endpoint answers next, instead of what it would.
        gateway_answers: what the gateway answers next to requests of a method, by the method.
        secret_reads: how often the secret was read.
        calls: what reached the gateway.
        entered: set when a tool is under way that waits for `leave`.
        leave: lets it end.
    """

    origin: str = ""
    secret: dict[str, Any] = field(default_factory=dict)
    live: set[str] = field(default_factory=lambda: {"secret-1"})
    lifetime: int = 900
    given: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    token_answers: deque[Answer] = field(default_factory=deque)
    gateway_answers: dict[str, deque[Answer]] = field(default_factory=dict)
    token_requests: list[dict[str, list[str]]] = field(default_factory=list)
    secret_reads: int = 0
    calls: list[Call] = field(default_factory=list)
    entered: threading.Event = field(default_factory=threading.Event)
    leave: threading.Event = field(default_factory=threading.Event)

    @property
    def gateway_url(self) -> str:
        """The gateway's MCP endpoint."""
        return f"{self.origin}/mcp"

    def reset(self) -> None:
        """Be as at the start, whatever an earlier test did."""
        self.secret = {
            "client_id": "client-1",
            "client_secret": "secret-1",
            "token_endpoint": f"{self.origin}/oauth2/token",
            "scopes": SCOPES,
        }
        self.live, self.lifetime, self.secret_reads = {"secret-1"}, 900, 0
        for kept in (self.given, self.revoked, self.token_answers, self.gateway_answers, self.token_requests,
                     self.calls, self.entered, self.leave):  # fmt: skip
            kept.clear()

    def rotate(self, client_secret: str, *, live: set[str]) -> None:
        """Write another client secret; `live` are those that work from now on."""
        self.secret["client_secret"], self.live = client_secret, live

    def of(self, method: str) -> list[Call]:
        """The requests of a method that reached the gateway."""
        return [call for call in self.calls if call.message.get("method") == method]

    def client(self, service: str) -> Any:
        """A boto3 client of the AWS here that asks once."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.origin,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )

    def http(self) -> httpx2.Client:
        """A client of the token endpoint, which is HTTP: no certificates are loaded."""
        return httpx2.Client(timeout=5, trust_env=False, verify=False)

    async def aws(self, request: Request) -> Response:
        """Secrets Manager and Parameter Store, in AWS's JSON protocol."""
        given = json.loads(await request.body())
        match request.headers["x-amz-target"].rpartition(".")[2]:
            case "GetSecretValue" if given["SecretId"] == SECRET:
                self.secret_reads += 1
                return _amz({"Name": SECRET, "SecretString": json.dumps(self.secret)})
            case "GetParameter" if given["Name"] == PARAMETER:
                return _amz({"Parameter": {"Name": PARAMETER, "Value": self.gateway_url}})
            case "GetSecretValue":
                return _amz({"__type": "ResourceNotFoundException", "Message": "no such secret"}, 400)
            case _:
                return _amz({"__type": "ParameterNotFound", "Message": "no such parameter"}, 400)

    async def token(self, request: Request) -> Response:
        """The token endpoint (RFC 6749 §4.4, §5.2)."""
        self.token_requests.append(parse_qs((await request.body()).decode()))
        if self.token_answers:
            return self.token_answers.popleft()(request)
        user, _, password = base64.b64decode(request.headers["authorization"].split()[1]).decode().partition(":")
        if user != self.secret.get("client_id") or password not in self.live:
            return JSONResponse({"error": "invalid_client"}, status_code=400)
        self.given.append(f"token-{len(self.given) + 1}")
        return JSONResponse({"access_token": self.given[-1], "expires_in": self.lifetime, "token_type": "Bearer"})

    def admits(self, headers: dict[str, str]) -> bool:
        """Whether the gateway takes a request's token."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        return token in self.given and token not in self.revoked


def status(code: int, body: Any = None, **headers: str) -> Answer:
    """An answer with a status, and header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: JSONResponse(body if body is not None else {}, status_code=code, headers=named)


def refusal(code: int, message: str, *, http: int = 200, data: dict[str, Any] | None = None) -> Answer:
    """A JSON-RPC error, as the gateway and its interceptors answer."""
    error = {"code": code, "message": message, **({"data": data} if data else {})}
    return lambda request: JSONResponse(
        {"jsonrpc": "2.0", "id": request.state.message_id, "error": error}, status_code=http
    )


@contextmanager
def agent_services() -> Iterator[AgentServices]:
    """Run them on a free port."""
    services = AgentServices()
    mcp = _tools(services).streamable_http_app(stateless_http=True, json_response=True)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with mcp.router.lifespan_context(mcp):
            yield

    application = Starlette(
        routes=[
            Route("/", services.aws, methods=["POST"]),
            Route("/oauth2/token", services.token, methods=["POST"]),
            Mount("/", _Gateway(services, mcp)),
        ],
        lifespan=lifespan,
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        services.origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        services.reset()
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False))
        server.config.timeout_graceful_shutdown = 1
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield services
        finally:
            services.leave.set()
            server.should_exit = True
            thread.join(timeout=10)


def _tools(services: AgentServices) -> MCPServer:
    server = MCPServer("gateway")

    @server.tool(name=f"{TARGET}___get_time")
    def get_time(timezone: str = "UTC") -> str:
        return json.dumps({"time": "2026-11-25T12:00:00-03:00", "timezone": timezone})

    @server.tool(name=f"{TARGET}___s3_read_operations")
    def s3_read_operations(operation: str, bucket: str = "") -> str:
        return json.dumps({"objects": [{"key": f"{bucket}/november.csv"}]})

    @server.tool(name=f"{TARGET}___fails")
    def fails() -> str:
        raise ToolError("the bucket is on fire")

    @server.tool(name=f"{TARGET}___large")
    def large() -> str:
        return "x" * LARGE

    @server.tool(name=f"{TARGET}___slow")
    def slow() -> str:
        services.entered.set()
        services.leave.wait(timeout=30)
        return "done"

    return server


class _Gateway:
    """The gateway's front: notes each request, checks its token, and answers what a test wants it to."""

    def __init__(self, services: AgentServices, mcp: ASGIApp) -> None:
        self._services, self._mcp = services, mcp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        request = Request(scope, receive)
        body = await request.body()
        message = json.loads(body) if body else {}
        request.state.message_id = message.get("id")
        self._services.calls.append(Call(message, dict(request.headers)))
        wanted = self._services.gateway_answers.get(message.get("method", ""))
        if not self._services.admits(dict(request.headers)):
            await JSONResponse({"error": "invalid_token"}, status_code=401)(scope, receive, send)
        elif wanted:
            await wanted.popleft()(request)(scope, receive, send)
        else:
            await self._mcp(scope, _replayed(body, receive), send)


def _replayed(body: bytes, receive: Receive) -> Receive:
    pending: deque[Message] = deque([{"type": "http.request", "body": body, "more_body": False}])

    async def again() -> Message:
        return pending.popleft() if pending else await receive()

    return again


def _amz(body: dict[str, Any], code: int = 200) -> Response:
    return Response(json.dumps(body), status_code=code, media_type="application/x-amz-json-1.1")
