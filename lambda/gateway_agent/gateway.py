"""The gateway's tools for Strands: an MCP client of one question, with the agent's token and the caller's ids.

Importing this module takes about two seconds: Strands and the MCP SDK.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from strands.tools.mcp import MCPClient
from strands.tools.mcp.mcp_types import MCPToolResult
from strands.types.exceptions import MCPClientInitializationError

from gateway_agent import correlation
from gateway_agent.answers import CUT, REFUSAL, UNAVAILABLE, Refusal, size, within
from gateway_agent.errors import NO_ANSWER
from gateway_agent.http import GatewayHttp
from gateway_agent.retries import Backoff
from gateway_agent.tokens import TokenSource

CALLER_HEADER = "X-On-Behalf-Of"

_CALLER = re.compile(r"[A-Za-z0-9+=,.@_/:-]{1,256}")
"""Names of IAM roles, users and sessions, with slashes between them."""


class GatewayClient(MCPClient):
    """Strands' MCP client, which gives the model what it can use of an answer, and never more than a limit.

    Args:
        answer_limit: Characters of a tool's answer that the model gets.
        call_seconds: How long a call waits when an answer comes that belongs to no call.
        **options: As `MCPClient`.
    """

    def __init__(self, *args: Any, answer_limit: int, call_seconds: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._answer_limit, self._call_seconds = answer_limit, call_seconds

    def start(self) -> MCPClient:
        """See `MCPClient`, whose error names the group of tasks that failed; this one says what the gateway said."""
        try:
            return super().start()
        except MCPClientInitializationError as error:
            refused = _refusal(error.__cause__)
            if refused is None:
                raise
            raise MCPClientInitializationError(f"The gateway opens no session: {refused.message}") from error

    async def call_tool_async(
        self,
        tool_use_id: str,
        name: str,
        arguments: dict[str, Any] | None = None,
        read_timeout_seconds: timedelta | None = None,
        *args: Any,
        **options: Any,
    ) -> MCPToolResult:
        """See `MCPClient`, which would wait for ever without a timeout."""
        patience = read_timeout_seconds or timedelta(seconds=self._call_seconds)
        return await super().call_tool_async(tool_use_id, name, arguments, patience, *args, **options)

    def _handle_tool_result(self, tool_use_id: str, call_tool_result: Any) -> MCPToolResult:
        """Cut an answer; `structuredContent` repeats it and goes when it would be as large."""
        result = super()._handle_tool_result(tool_use_id, call_tool_result)
        content, characters = within(result["content"], self._answer_limit)
        if characters > self._answer_limit:
            result["content"] = content
            result["metadata"] = {**result.get("metadata", {}), CUT: {"characters": characters}}
        if size(result.get("structuredContent")) > self._answer_limit:
            del result["structuredContent"]
        return result

    def _handle_tool_execution_error(self, tool_use_id: str, exception: Exception) -> MCPToolResult:
        """Say what the gateway's own errors mean: Strands repeats their text alone.

        Any other is an answer that did not arrive or cannot be read, unless the caller itself gave the call up.
        """
        result = super()._handle_tool_execution_error(tool_use_id, exception)
        if result.get("cancelled"):
            return result
        if isinstance(exception, MCPError):
            refusal = Refusal.of(exception.code, exception.message, exception.data)
        else:
            sentence = f"No answer came that can be read ({type(exception).__name__})"
            refusal = Refusal(UNAVAILABLE, f"{sentence}; whether the tool has run is not known", reason=NO_ANSWER)
        return MCPToolResult(
            status="error",
            toolUseId=tool_use_id,
            content=[{"text": refusal.text()}],
            metadata={REFUSAL: refusal.data()},
        )


def gateway_tools(
    url: str,
    tokens: TokenSource,
    *,
    correlation_id: str,
    caller: str | None = None,
    answer_limit: int = 100_000,
    timeout_seconds: float = 60.0,
    backoff: Backoff | None = None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> MCPClient:
    """The tools that the gateway lists for the agent, for one question.

    It connects when an agent that has it among its tools loads them, or in a `with` statement.

    Args:
        url: The gateway's MCP endpoint.
        tokens: The agent's tokens.
        correlation_id: Goes into the audit record of every call: letters, digits, `._-`, at most 128 characters.
        caller: On whose behalf the agent calls, such as `role/finance-team`. The audit records hold it as what the
            agent says; nothing is permitted because of it.
        answer_limit: Characters of a tool's answer that the model gets; a longer one is cut and says so.
        timeout_seconds: How long one attempt of a request may take.
        backoff: How often requests that may be repeated are sent, and when.
        sleep: Waits some seconds.

    Raises:
        ValueError: An id or caller that cannot stand in a header.
    """
    headers = {correlation.HEADER: _checked(correlation.FORM, correlation_id, "correlation id")}
    if caller is not None:
        headers[CALLER_HEADER] = _checked(_CALLER, caller, "caller")

    @asynccontextmanager
    async def connect() -> AsyncGenerator[Any]:
        http = GatewayHttp(tokens, headers=headers, timeout_seconds=timeout_seconds, backoff=backoff, sleep=sleep)
        async with http, streamable_http_client(url, http_client=http) as streams:
            yield streams

    patience = backoff or Backoff()
    return GatewayClient(
        connect,
        answer_limit=answer_limit,
        call_seconds=timeout_seconds + patience.attempts * patience.longest,
        startup_timeout=round(2 * timeout_seconds) + 10,
    )


def _refusal(error: BaseException | None) -> MCPError | None:
    """The gateway's error, inside the groups that the session's tasks wrap it in."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_refusal, error.exceptions)), None)
    return error if isinstance(error, MCPError) else None


def _checked(form: re.Pattern[str], value: str, what: str) -> str:
    if not form.fullmatch(value):
        raise ValueError(f"the {what} {value!r} must match {form.pattern}")
    return value
