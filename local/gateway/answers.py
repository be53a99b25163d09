"""What the gateway answers itself, before and after the MCP server: errors of JSON-RPC with a status of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_types import INTERNAL_ERROR
from starlette.responses import JSONResponse

from local.gateway.configuration import GatewayRecord
from local.gateway.policy import Decision
from local.gateway.rate_limits import RATE_LIMIT_EXCEEDED, ThrottledError

POLICY_DENIED = -32002
"""AgentCore's JSON-RPC code for a call that its policy engine denies.

The devguide (use-gateway-with-policy) shows a tool result with isError instead; deployed gateways have answered with
this error since July 2026.
"""

INTERNAL_ERROR_TEXT = "An internal error occurred. Please retry later."
"""What a client reads instead of a cause without exceptionLevel DEBUG (devguide, gateway-debug-messages)."""

MessageId = str | int | None


def json_rpc_error(
    status: int, code: int, message: str, *, message_id: MessageId = None, data: Mapping[str, Any] | None = None
) -> JSONResponse:
    """Return an error as an HTTP response; `message_id` is the request's, None when it has none."""
    error = {"code": code, "message": message} | ({"data": dict(data)} if data is not None else {})
    return JSONResponse({"jsonrpc": "2.0", "id": message_id, "error": error}, status_code=status)


def unavailable(sentence: str) -> JSONResponse:
    """Return what a gateway that cannot serve at the moment answers."""
    return json_rpc_error(503, INTERNAL_ERROR, sentence)


def denied(decision: Decision, message_id: MessageId) -> JSONResponse:
    """Return what a call gets that no policy permits or one forbids."""
    sentence = f"Tool Execution Denied: Tool call not allowed due to policy enforcement [{decision.reason}]"
    return json_rpc_error(200, POLICY_DENIED, sentence, message_id=message_id)


def throttled(error: ThrottledError, message_id: MessageId) -> JSONResponse:
    """Return what a request over a rate limit gets (devguide, gateway-rate-limits-enforcement)."""
    data = {"limitKey": error.limit_key, "metric": error.metric, "retryAfter": error.retry_after}
    return json_rpc_error(429, RATE_LIMIT_EXCEEDED, "Rate limit exceeded", message_id=message_id, data=data)


def interceptor_failed(gateway: GatewayRecord, message_id: MessageId) -> JSONResponse:
    """Return what a request gets whose interceptor did not answer as it has to."""
    detail = "InterceptorException - Received invalid response from interceptor"
    return json_rpc_error(500, INTERNAL_ERROR, detail if gateway.debug else INTERNAL_ERROR_TEXT, message_id=message_id)
