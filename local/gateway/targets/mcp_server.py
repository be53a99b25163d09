"""MCP server targets: the official client lists and calls the tools of a foreign server.

Each call opens a connection of its own, as a gateway without sessions does.
Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-target-MCPservers.html
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp import Client, ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from local.gateway.credentials import CallAuth, CredentialSource, credential_source, overridden
from local.gateway.outbound import address_problem
from local.gateway.targets.context import TargetContext, read_schema
from local.gateway.targets.interface import (
    MAX_PAYLOAD_BYTES,
    Target,
    TargetError,
    ToolAnswer,
    ToolCall,
    ToolDefinition,
    UnusableTargetError,
    propagated_headers,
    propagated_query,
    returned_headers,
)

LISTING_SECONDS = 10.0
"""Longest wait for a server's tools. A server of AgentCore Runtime starts with its first request."""

MAX_TOOLS = 1_000
"""Tools of one target (AgentCore quotas)."""


async def build(context: TargetContext) -> Target:
    """Return the target that the record describes, with the tools that its schema names or its server lists.

    Raises UnusableTargetError; when the server does not answer, it may be tried again.
    """
    record = context.record
    if problem := address_problem(record.configuration["endpoint"]):
        raise UnusableTargetError(f"target {record.name}: {problem}")
    source = credential_source(record, region=context.aws.region, role=context.role, vault=context.vault)
    server = _Server(context, source)
    if "mcpToolSchema" in record.configuration:
        tools = _from_schema(record.name, await read_schema(context, record.configuration["mcpToolSchema"]))
        return McpServerTarget(name=record.name, server=server, tools=tools)
    if record.configuration.get("listingMode") == "DYNAMIC":
        return DynamicMcpServerTarget(name=record.name, server=server, tools=())
    try:
        tools = await server.list_tools()
    except TargetError as error:
        sentence = f"target {record.name}: its server {server.url} does not list its tools: {error}"
        raise UnusableTargetError(sentence, may_recover=True) from error
    return McpServerTarget(name=record.name, server=server, tools=tools)


def _from_schema(name: str, text: str) -> Sequence[ToolDefinition]:
    """The tools of a static schema: a tools/list result, or its array of tools."""
    try:
        document = json.loads(text)
        tools = document["tools"] if isinstance(document, dict) else document
        return [_definition(types.Tool.model_validate(tool)) for tool in tools]
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableTargetError(f"target {name}: its mcpToolSchema is no list of MCP tools: {error}") from error


def _definition(tool: types.Tool) -> ToolDefinition:
    return ToolDefinition(
        name=tool.name,
        description=tool.description or "",
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
    )


class McpServerTarget:
    """One MCP server with the tools that it had when it was synchronized."""

    def __init__(self, *, name: str, server: _Server, tools: Sequence[ToolDefinition]) -> None:
        self.name = name
        self.tools = tools
        self._server = server

    async def call(self, call: ToolCall) -> ToolAnswer:
        """Call the tool of the server and pass its answer on."""
        answer = await self._server.call_tool(call)
        if len(answer.result.model_dump_json().encode()) > MAX_PAYLOAD_BYTES:
            raise TargetError(f"The answer has more than {MAX_PAYLOAD_BYTES} bytes, what a gateway carries.")
        return answer


class DynamicMcpServerTarget(McpServerTarget):
    """One MCP server that is asked for its tools again and again (listingMode DYNAMIC)."""

    async def list_again(self) -> None:
        """Take over the tools that the server has now."""
        self.tools = ()
        self.tools = await self._server.list_tools()


class _Server:
    """The server at a target's endpoint."""

    def __init__(self, context: TargetContext, credentials: CredentialSource) -> None:
        self.url: str = context.record.configuration["endpoint"]
        self._record = context.record
        self._outbound = context.outbound
        self._credentials = credentials

    async def list_tools(self) -> list[ToolDefinition]:
        """Return the server's tools; raises TargetError, also when it takes too long."""
        try:
            with anyio.fail_after(LISTING_SECONDS):
                return await self._all_tools()
        except TimeoutError as error:
            raise TargetError(f"it took more than {LISTING_SECONDS:.0f} seconds") from error

    async def _all_tools(self) -> list[ToolDefinition]:
        found: list[ToolDefinition] = []
        cursor: str | None = None
        auth = await self._credentials.for_call()
        async with self._connected(auth, {}, {}, httpx2.Headers()) as session:
            while True:
                page = await session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
                found += [_definition(tool) for tool in page.tools]
                if len(found) > MAX_TOOLS:
                    raise TargetError(f"it has more than {MAX_TOOLS} tools")
                cursor = page.next_cursor
                if not cursor:
                    return found

    async def call_tool(self, call: ToolCall) -> ToolAnswer:
        """Return what the server answers to a call; raises TargetError."""
        request = types.CallToolRequest(
            params=types.CallToolRequestParams(name=call.tool.name, arguments=dict(call.arguments))
        )
        auth = overridden(await self._credentials.for_call(), call.authorization)
        headers = propagated_headers(self._record, call)
        query = propagated_query(self._record, call)
        received = httpx2.Headers()
        async with self._connected(auth, headers, query, received) as session:
            # Not session.call_tool, which judges the answer by the server's output schema: that is the client's part.
            result = await session.send_request(request, types.CallToolResult)
        if result.meta is not None:
            # The client talks to the gateway, not to this server.
            result.meta.pop(types.SERVER_INFO_META_KEY, None)
        blotted = types.CallToolResult.model_validate_json(auth.blotted(result.model_dump_json(by_alias=True)))
        returned = returned_headers(self._record, received)
        return ToolAnswer(result=blotted, headers={name: auth.blotted(value) for name, value in returned.items()})

    @contextlib.asynccontextmanager
    async def _connected(
        self, auth: CallAuth, headers: dict[str, str], query: dict[str, str], received: httpx2.Headers
    ) -> AsyncIterator[ClientSession]:
        """Open a session with the server. `received` gets the headers of its last response.

        Every failure, also of what is done with the session, becomes a TargetError.
        """
        statuses: list[int] = []

        async def note(response: httpx2.Response) -> None:
            if response.request.method == "POST":
                statuses.append(response.status_code)
                received.clear()
                received.update(response.headers)

        url = str(httpx2.URL(self.url).copy_merge_params(query))
        try:
            async with self._outbound.client(self.url, auth=auth, headers=headers) as http:
                http.event_hooks = {"response": [note]}
                async with Client(streamable_http_client(url, http_client=http)) as client:
                    yield client.session
        except Exception as error:
            raise self._failure(error, statuses, auth) from error

    def _failure(self, error: Exception, statuses: Sequence[int], auth: CallAuth) -> TargetError:
        cause: Any = error
        while isinstance(cause, ExceptionGroup):
            cause = cause.exceptions[0]
        if isinstance(cause, TargetError):
            return cause
        server = f"MCP server {self.url}"
        if statuses and statuses[-1] >= 300:
            return TargetError(f"{server} answered with HTTP status {statuses[-1]}.")
        if isinstance(cause, MCPError) and statuses:
            said = f"{server} answered with error {cause.error.code}"
            return TargetError(auth.blotted(f"{said}: {cause.error.message}"), logged=said)
        if isinstance(cause, (MCPError, httpx2.HTTPError)):
            return TargetError(f"{server} does not answer.")
        return TargetError(f"{server} does not answer as MCP asks for ({type(cause).__name__}).")
