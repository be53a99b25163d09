"""The MCP side of a gateway: the official SDK's server, with the tools and versions of the deployed gateway.

The SDK speaks every revision; a gateway accepts those that its configuration lists, and negotiates among them.
Sources: MCP 2025-11-25 lifecycle and 2026-07-28 `server/discover`; operations in
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-using.html
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import mcp_types as types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from starlette.requests import Request

from local.gateway.configuration import GatewayRecord
from local.gateway.request_log import entry_of
from local.gateway.search import rank
from local.gateway.targets.interface import TargetError, ToolCall
from local.gateway.tools import Catalogue, InvalidCursorError, argument_problems

logger = logging.getLogger(__name__)

INTERNAL_ERROR_TEXT = "An internal error occurred. Please retry later."
"""What a client reads instead of a cause without exceptionLevel DEBUG (devguide, gateway-debug-messages)."""

RESOURCE_NOT_FOUND = -32002

_LOGGED_NAME = 256
"""Longest tool name in the log; no deployed tool has a longer one (AgentCore quotas)."""

_Context = ServerRequestContext[Any, Any]


def unsupported_version(requested: str, gateway: GatewayRecord) -> MCPError:
    """Return the error for a protocol version that the gateway does not list (MCP 2026-07-28, -32022)."""
    return MCPError(
        code=types.UNSUPPORTED_PROTOCOL_VERSION,
        message="Unsupported protocol version",
        data={"supported": list(gateway.supported_versions), "requested": requested},
    )


def build_server(gateway: GatewayRecord, catalogue: Catalogue) -> Server[Any]:
    """Return the MCP server of one gateway."""
    handlers = _Handlers(gateway, catalogue)
    server: Server[Any] = Server(
        gateway.name,
        version="1.0.0",
        instructions=gateway.instructions,
        get_tool_input_schema=catalogue.input_schema,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_prompts=handlers.list_prompts,
        on_get_prompt=handlers.get_prompt,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_resource_templates,
        on_read_resource=handlers.read_resource,
    )
    server.middleware.append(handlers.record)
    server.middleware.append(handlers.negotiate)
    modern = [version for version in gateway.supported_versions if version in MODERN_PROTOCOL_VERSIONS]

    async def discover(ctx: _Context, _params: types.RequestParams) -> types.DiscoverResult:
        return types.DiscoverResult(
            supported_versions=modern,
            capabilities=server.get_capabilities(protocol_version=ctx.protocol_version),
            instructions=gateway.instructions,
        )

    server.add_request_handler("server/discover", types.RequestParams, discover)
    return server


class _Handlers:
    """The methods of one gateway."""

    def __init__(self, gateway: GatewayRecord, catalogue: Catalogue) -> None:
        self._gateway = gateway
        self._catalogue = catalogue

    async def record(self, ctx: _Context, call_next: CallNext) -> HandlerResult:
        """Note method and tool for the request log; arguments are not noted."""
        entry = entry_of(_request(ctx).scope)
        entry.method = ctx.method
        if ctx.method == "tools/call" and ctx.params is not None and isinstance(ctx.params.get("name"), str):
            entry.tool = ctx.params["name"][:_LOGGED_NAME]
        return await call_next(ctx)

    async def negotiate(self, ctx: _Context, call_next: CallNext) -> HandlerResult:
        """Hold a request to the gateway's versions; `initialize` gets the newest of them that it can have."""
        offered = self._gateway.supported_versions
        if ctx.method != "initialize":
            if ctx.protocol_version not in offered:
                raise unsupported_version(ctx.protocol_version, self._gateway)
            return await call_next(ctx)
        params = dict(ctx.params or {})
        requested = params.get("protocolVersion")
        handshake = [version for version in HANDSHAKE_PROTOCOL_VERSIONS if version in offered]
        if isinstance(requested, str) and requested not in handshake:
            if not handshake:
                raise unsupported_version(requested, self._gateway)
            ctx = replace(ctx, params=params | {"protocolVersion": handshake[-1]})
        return await call_next(ctx)

    async def list_tools(self, _ctx: _Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """Answer tools/list."""
        if params is None or params.cursor is None:
            await self._catalogue.refresh()
        try:
            tools, cursor = self._catalogue.page(params.cursor if params else None)
        except InvalidCursorError:
            raise MCPError(code=types.INVALID_PARAMS, message="Invalid cursor") from None
        return types.ListToolsResult(tools=tools, next_cursor=cursor)

    async def call_tool(self, ctx: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Answer tools/call: look the tool up, check its arguments, ask its target."""
        await self._catalogue.refresh(params.name)
        if not self._catalogue.offers(params.name):
            if why := self._catalogue.why_missing(params.name):
                return _failed(why, ctx)
            raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool: {params.name}")
        arguments = params.arguments or {}
        if problems := argument_problems(self._catalogue.input_schema(params.name) or {}, arguments):
            return _failed(problems, ctx)
        found = self._catalogue.find(params.name)
        if found is None:
            return self._search(arguments["query"])
        target, tool = found
        request = _request(ctx)
        call = ToolCall(
            tool=tool,
            arguments=arguments,
            message_id=str(ctx.request_id),
            headers=dict(request.headers),
            query=dict(request.query_params),
        )
        try:
            answer = await target.call(call)
        except TargetError as error:
            return self._target_failed(error, ctx)
        entry = entry_of(request.scope)
        entry.tool_error = answer.result.is_error
        entry.response_headers.update(answer.headers)
        return answer.result

    def _search(self, query: str) -> types.CallToolResult:
        found = [
            tool.model_dump(by_alias=True, mode="json", exclude_none=True)
            for tool in rank(self._catalogue.target_tools, query)
        ]
        answer = {"tools": found}
        return types.CallToolResult(
            content=[types.TextContent(text=json.dumps(answer))],
            structured_content=answer,
        )

    def _target_failed(self, error: TargetError, ctx: _Context) -> types.CallToolResult:
        logger.warning("gateway %s: %s", self._gateway.name, error.logged)
        if not self._gateway.debug:
            return _failed(INTERNAL_ERROR_TEXT, ctx)
        detail = str(error)
        failed = _failed(detail, ctx)
        return failed.model_copy(update={"meta": {"debug": {"type": "text", "text": detail}}})

    async def list_prompts(self, _ctx: _Context, _p: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        """Answer prompts/list: only MCP server targets have prompts, so there are none."""
        return types.ListPromptsResult(prompts=[])

    async def get_prompt(self, _ctx: _Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        """Refuse prompts/get."""
        raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown prompt: {params.name}")

    async def list_resources(
        self, _ctx: _Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """Answer resources/list: only MCP server targets have resources, so there are none."""
        return types.ListResourcesResult(resources=[])

    async def list_resource_templates(
        self, _ctx: _Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """Answer resources/templates/list."""
        return types.ListResourceTemplatesResult(resource_templates=[])

    async def read_resource(self, _ctx: _Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """Refuse resources/read."""
        raise MCPError(code=RESOURCE_NOT_FOUND, message="Resource not found", data={"uri": str(params.uri)})


def _failed(text: str, ctx: _Context) -> types.CallToolResult:
    entry_of(_request(ctx).scope).tool_error = True
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)


def _request(ctx: _Context) -> Request:
    """The HTTP request behind a message; over streamable HTTP there always is one."""
    if not isinstance(ctx.request, Request):
        raise TypeError("this server is reachable over HTTP only")
    return ctx.request
