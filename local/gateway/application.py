"""The HTTP side of a gateway: what happens to a request, in AgentCore's order.

    authorizer → protocol version → MCP server → target

Each step either refuses the request or hands it on. Only the protected resource metadata is answered without a token.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types import INTERNAL_ERROR, ErrorData
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from local.gateway.authorizer import Authorizer, RefusedError
from local.gateway.configuration import GatewayRecord
from local.gateway.keys import ProviderUnavailableError
from local.gateway.metadata import challenge, protected_resource, refusal_body
from local.gateway.request_log import Entry, begin, finish
from local.gateway.server import build_server, unsupported_version
from local.gateway.targets.interface import MAX_PAYLOAD_BYTES
from local.gateway.tools import Catalogue


@dataclass(frozen=True, kw_only=True)
class Serving:
    """A gateway that can be served: its configuration and what was built from it."""

    gateway: GatewayRecord
    authorizer: Authorizer
    catalogue: Catalogue


class GatewayApplication:
    """Serves one gateway URL; what it serves can be replaced while it runs. Until then it answers 503."""

    def __init__(self, *, name: str, port: int) -> None:
        self.name = name
        self._state: Serving | str = "this gateway is still starting; retry in a second"
        self._sessions = StreamableHTTPSessionManager(
            Server(name),
            stateless=True,
            max_request_body_size=MAX_PAYLOAD_BYTES,
            security_settings=TransportSecuritySettings(
                allowed_hosts=[f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")],
                allowed_origins=[f"http://{host}:*" for host in ("127.0.0.1", "localhost", "[::1]")],
            ),
        )
        self.asgi = Starlette(
            routes=[
                Route("/.well-known/oauth-protected-resource", self._metadata, methods=["GET"]),
                Route("/mcp", _Endpoint(self)),
            ],
            lifespan=self._lifespan,
        )

    def serve(self, serving: Serving) -> None:
        """Serve this configuration from the next request on; requests under way end as they began."""
        self._sessions.app = build_server(serving.gateway, serving.catalogue)
        self._sessions.json_response = not serving.gateway.streaming
        self._state = serving

    def refuse(self, sentence: str) -> None:
        """Answer every request with 503 and this sentence from now on."""
        self._state = sentence

    async def answer(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        """Take one request to the MCP endpoint through the steps above."""
        state = self._state
        if isinstance(state, str):
            entry.reason = state
            await _unavailable(state)(scope, receive, send)
            return
        refusal = await _authorize(state, scope, entry) or _check_transport(state.gateway, scope, entry)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._sessions.handle_request(scope, receive, send)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with self._sessions.run():
            yield

    async def _metadata(self, _request: Request) -> Response:
        state = self._state
        if isinstance(state, str):
            return _unavailable(state)
        return JSONResponse(protected_resource(state.gateway, state.authorizer.configuration))


class _Endpoint:
    """The MCP endpoint as an ASGI application, with its line in the request log."""

    def __init__(self, application: GatewayApplication) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry = begin(scope, self._application.name)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                MutableHeaders(scope=message).update(entry.response_headers)
            await send(message)

        try:
            await self._application.answer(scope, receive, watched, entry)
        finally:
            finish(entry)


async def _authorize(state: Serving, scope: Scope, entry: Entry) -> Response | None:
    """Return the answer to a request that may not pass, None for one that may."""
    try:
        principal = await state.authorizer.authorize(Headers(scope=scope).getlist("authorization"))
    except RefusedError as refused:
        entry.reason = refused.reason
        header = challenge(state.gateway, state.authorizer.configuration, refused)
        return JSONResponse(refusal_body(refused), status_code=refused.status, headers={"WWW-Authenticate": header})
    except ProviderUnavailableError as error:
        entry.reason = str(error)
        return _unavailable("the identity provider of this gateway does not answer; see the gateway's log")
    entry.client_id = principal.client_id
    return None


def _check_transport(gateway: GatewayRecord, scope: Scope, entry: Entry) -> Response | None:
    """Refuse what the gateway does not offer: sessions and server streams, versions that it does not list."""
    if scope["method"] != "POST":
        return Response(status_code=405, headers={"Allow": "POST"})
    for version in Headers(scope=scope).getlist(MCP_PROTOCOL_VERSION_HEADER):
        if version not in gateway.supported_versions:
            entry.reason = f"protocol version {version[:32]} is not supported"
            return _json_rpc_error(400, unsupported_version(version, gateway).error)
    return None


def _unavailable(sentence: str) -> Response:
    return _json_rpc_error(503, ErrorData(code=INTERNAL_ERROR, message=sentence))


def _json_rpc_error(status: int, error: ErrorData) -> Response:
    body: dict[str, Any] = {
        "jsonrpc": "2.0",
        "id": None,
        "error": error.model_dump(mode="json", exclude_none=True),
    }
    return JSONResponse(body, status_code=status)
