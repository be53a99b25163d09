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

from local.gateway.answers import INTERNAL_ERROR_TEXT, POLICY_DENIED
from local.gateway.caller import call_is_allowed, principal_of
from local.gateway.configuration import GatewayRecord
from local.gateway.exchange import forwarded_authorization
from local.gateway.policy import PolicyEngine
from local.gateway.request_log import entry_of
from local.gateway.search import rank
from local.gateway.targets.interface import TargetError, ToolCall
from local.gateway.tools import Catalogue, InvalidCursorError, argument_problems

logger = logging.getLogger(__name__)

RESOURCE_NOT_FOUND = -32002

_Context = ServerRequestContext[Any, Any]


def unsupported_version(requested: str, gateway: GatewayRecord) -> MCPError:
    """Return the error for a protocol version that the gateway does not list (MCP 2026-07-28, -32022)."""
    return MCPError(
        code=types.UNSUPPORTED_PROTOCOL_VERSION,
        message="Unsupported protocol version",
        data={"supported": list(gateway.supported_versions), "requested": requested},
    )


def build_server(gateway: GatewayRecord, catalogue: Catalogue, policy: PolicyEngine | None) -> Server[Any]:
    """Return the MCP server of one gateway; a policy engine that is enforced hides tools."""
    handlers = _Handlers(gateway, catalogue, policy if policy is not None and policy.enforced else None)
    server: Server[Any] = Server(
        gateway.name,
        version="1.0.0",
        instructions=gateway.instructions,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_prompts=handlers.list_prompts,
        on_get_prompt=handlers.get_prompt,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_resource_templates,
        on_read_resource=handlers.read_resource,
    )
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

    def __init__(self, gateway: GatewayRecord, catalogue: Catalogue, policy: PolicyEngine | None) -> None:
        self._gateway = gateway
        self._catalogue = catalogue
        self._policy = policy

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

    async def list_tools(self, ctx: _Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """Answer tools/list with the tools that the caller may call."""
        if params is None or params.cursor is None:
            await self._catalogue.refresh()
        try:
            tools, cursor = self._catalogue.page(params.cursor if params else None, self._hidden(ctx))
        except InvalidCursorError:
            raise MCPError(code=types.INVALID_PARAMS, message="Invalid cursor") from None
        return types.ListToolsResult(tools=tools, next_cursor=cursor)

    async def call_tool(self, ctx: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Answer tools/call: look the tool up, check its arguments, ask its target.

        A target that is asked for its tools again and again has been asked when the call was judged.
        """
        if not self._catalogue.offers(params.name):
            if why := self._catalogue.why_missing(params.name):
                return _failed(why, ctx)
            raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool: {params.name}")
        arguments = params.arguments or {}
        found = self._catalogue.find(params.name)
        request = _request(ctx)
        if found and self._policy and not call_is_allowed(request.scope, params.name, arguments):
            # Whatever way it came here, the policy did not let this very call through.
            raise MCPError(code=POLICY_DENIED, message="Tool Execution Denied: The call was not judged.")
        if problems := argument_problems(self._catalogue.input_schema(params.name) or {}, arguments):
            return _failed(problems, ctx)
        if found is None:
            return self._search(arguments["query"], self._hidden(ctx))
        target, tool = found
        call = ToolCall(
            tool=tool,
            arguments=arguments,
            message_id=str(ctx.request_id),
            headers=dict(request.headers),
            query=dict(request.query_params),
            authorization=forwarded_authorization(request.scope),
        )
        try:
            answer = await target.call(call)
        except TargetError as error:
            return self._target_failed(error, ctx)
        entry = entry_of(request.scope)
        entry.tool_error = answer.result.is_error
        entry.response_headers.update(answer.headers)
        return answer.result

    def _hidden(self, ctx: _Context) -> frozenset[str]:
        """The tools that the caller could call with no arguments whatever. The built-in search is not among them."""
        if self._policy is None:
            return frozenset()
        names = [tool.name for tool in self._catalogue.target_tools]
        return frozenset(names) - self._policy.visible(principal_of(_request(ctx).scope).claims, names)

    def _search(self, query: str, hidden: frozenset[str]) -> types.CallToolResult:
        shown = [tool for tool in self._catalogue.target_tools if tool.name not in hidden]
        found = [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in rank(shown, query)]
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
