"""The HTTP side of a gateway: what happens to a request, in AgentCore's order.

    authorizer → protocol version → body → interceptors, policy, rate limits and MCP server (pipeline.py)

Each step either refuses the request or hands it on. Only the protected resource metadata is answered without a token.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from local.gateway.answers import json_rpc_error, unavailable
from local.gateway.application_log import ApplicationLog, Body
from local.gateway.authorizer import Authorizer, RefusedError
from local.gateway.caller import principal_of, set_principal
from local.gateway.configuration import GatewayRecord
from local.gateway.exchange import BodyError, ClientGoneError, read_exchange
from local.gateway.keys import ProviderUnavailableError
from local.gateway.metadata import challenge, protected_resource, refusal_body
from local.gateway.pipeline import Pipeline
from local.gateway.request_log import Entry, begin, finish
from local.gateway.server import build_server, unsupported_version
from local.gateway.targets.interface import MAX_PAYLOAD_BYTES


@dataclass(frozen=True, kw_only=True)
class Serving:
    """A gateway that can be served: its configuration and what was built from it."""

    gateway: GatewayRecord
    authorizer: Authorizer
    pipeline: Pipeline


class GatewayApplication:
    """Serves one gateway URL; what it serves can be replaced while it runs. Until then it answers 503."""

    def __init__(self, *, name: str, port: int, log: ApplicationLog) -> None:
        self.name = name
        self.log = log
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
        self._sessions.app = build_server(serving.gateway, serving.pipeline.catalogue, serving.pipeline.policy)
        self._sessions.json_response = not serving.gateway.streaming
        self._state = serving

    def refuse(self, sentence: str) -> None:
        """Answer every request with 503 and this sentence from now on."""
        self._state = sentence

    async def answer(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        """Take one request to the MCP endpoint through the steps above."""
        state = self._state
        if isinstance(state, str):
            entry.reason = entry.refusal = state
            await unavailable(state)(scope, receive, send)
            return
        refusal = await _authorize(state, scope, entry) or _check_transport(state.gateway, scope, entry)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            exchange = await read_exchange(scope, receive)
        except BodyError as error:
            entry.reason = entry.refusal = error.message
            await json_rpc_error(error.status, error.code, error.message)(scope, receive, send)
            return
        except ClientGoneError:
            entry.reason = entry.refusal = "the client went away"
            return
        entry.message = exchange.message
        entry.note(method=exchange.method, tool=exchange.tool)
        await state.pipeline.serve(
            exchange,
            principal=principal_of(scope),
            entry=entry,
            mcp=self._sessions.handle_request,
            send=send,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with self._sessions.run():
            yield

    async def _metadata(self, _request: Request) -> Response:
        state = self._state
        if isinstance(state, str):
            return unavailable(state)
        return JSONResponse(protected_resource(state.gateway, state.authorizer.configuration))


class _Endpoint:
    """The MCP endpoint as an ASGI application, with its line in the request log and its application log."""

    def __init__(self, application: GatewayApplication) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry = begin(scope, self._application.name)
        body = Body()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(entry.response_headers)
                headers["x-amzn-requestid"] = entry.request_id
            else:
                body.add(message.get("body", b""))
            await send(message)

        try:
            await self._application.answer(scope, receive, watched, entry)
        finally:
            finish(entry)
            self._application.log.record(entry, body)


async def _authorize(state: Serving, scope: Scope, entry: Entry) -> Response | None:
    """Return the answer to a request that may not pass, None for one that may."""
    try:
        principal = await state.authorizer.authorize(Headers(scope=scope).getlist("authorization"))
    except RefusedError as refused:
        entry.reason = refused.reason
        entry.refusal = refused.message
        header = challenge(state.gateway, state.authorizer.configuration, refused)
        return JSONResponse(refusal_body(refused), status_code=refused.status, headers={"WWW-Authenticate": header})
    except ProviderUnavailableError as error:
        entry.reason = str(error)
        entry.refusal = "the identity provider of this gateway does not answer"
        return unavailable(f"{entry.refusal}; see the gateway's log")
    entry.client_id = principal.client_id
    set_principal(scope, principal)
    return None


def _check_transport(gateway: GatewayRecord, scope: Scope, entry: Entry) -> Response | None:
    """Refuse what the gateway does not offer: sessions and server streams, versions that it does not list."""
    if scope["method"] != "POST":
        entry.refusal = f"HTTP method {scope['method']} is not supported"
        return Response(status_code=405, headers={"Allow": "POST"})
    for version in Headers(scope=scope).getlist(MCP_PROTOCOL_VERSION_HEADER):
        if version not in gateway.supported_versions:
            entry.reason = entry.refusal = f"protocol version {version[:32]} is not supported"
            error = unsupported_version(version, gateway).error
            return json_rpc_error(400, error.code, error.message, data=error.data)
    return None
