"""Servers of this machine that stand for others: an authorization server and an MCP server."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from local.processes import free_port
from tests.http_server import JsonHandler, listening
from tests.local.conftest import Emulator

CLIENT, SECRET = "machine", "s3cr3t-of-the-machine"

Headers = dict[str, str]


@dataclass
class AuthorizationServer:
    """Gives tokens to one client, numbered, and remembers what it was asked for.

    Attributes:
        client: the client's id and secret.
        address: what it calls itself, when not by its port.
        token_prefix: what a token has before its number.
        lifetime: seconds that it says a token lasts.
        asked: the forms of token requests.
        given: the tokens that it gave.
        port: where it listens.
    """

    client: tuple[str, str] = (CLIENT, SECRET)
    address: str = ""
    token_prefix: str = "token-"
    lifetime: int = 3600
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def issuer(self) -> str:
        """Its address."""
        return self.address or f"http://127.0.0.1:{self.port}"

    @property
    def discovery_url(self) -> str:
        """Where its metadata is."""
        return f"{self.issuer}/.well-known/openid-configuration"

    def metadata(self) -> dict[str, Any]:
        """Its discovery document."""
        endpoint = f"{self.issuer}/token"
        return {
            "issuer": self.issuer,
            "token_endpoint": endpoint,
            "token_endpoint_auth_methods_supported": METHODS,
        }

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Its answer at the token endpoint."""
        self.asked.append(form)
        expected = "Basic " + base64.b64encode(":".join(self.client).encode()).decode()
        if authorization != expected:
            return 401, {"error": "invalid_client", "error_description": f"{authorization} is wrong"}
        self.given.append(f"{self.token_prefix}{len(self.asked)}")
        return 200, {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": self.lifetime}


METHODS = ["client_secret_basic", "client_secret_post"]


@contextlib.contextmanager
def authorization_server(**settings: Any) -> Iterator[AuthorizationServer]:
    """A running authorization server."""
    server = AuthorizationServer(**settings)

    class Handler(JsonHandler):
        def do_GET(self) -> None:
            self.answer(200, server.metadata())

        def do_POST(self) -> None:
            body = self.body().decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*server.token(form, self.headers.get("Authorization", "")))

    with listening(Handler) as server.port:
        yield server


@contextlib.contextmanager
def mcp_server(server: MCPServer, *, admits: Callable[[Headers], bool]) -> Iterator[tuple[int, list[Headers]]]:
    """An MCP server of the official SDK that answers 401 to requests that `admits` refuses: its port, what it got."""
    port = free_port()
    seen: list[Headers] = []
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    application = server.streamable_http_app(stateless_http=True, transport_security=security)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        seen.append(headers)
        if admits(headers):
            await application(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    running = uvicorn.Server(uvicorn.Config(guarded, port=port, log_level="error", lifespan="on"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not running.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield port, seen
    finally:
        running.should_exit = True
        thread.join(10)


@contextlib.contextmanager
def known_host(emulator: Emulator, name: str, port: int) -> Iterator[None]:
    """Let the edge pass requests for a host to a port of this machine."""
    hosts = emulator.state / "hosts.json"
    hosts.write_text(json.dumps({name: port}))
    try:
        yield
    finally:
        hosts.unlink()
