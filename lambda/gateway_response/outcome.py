"""How a call ended, from the answer alone.

What AgentCore says when a policy denies a call, and when a rate limit does, is told apart by code and wording together;
both are JSON-RPC errors, and newer revisions of MCP carry a denial as a result with `isError`
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-enforcement-modes.html,
…/gateway-rate-limiting.html). A tool that answers in exactly these words cannot be told apart from the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.audit import Outcome
from governance.refusals import REASONS

DENIED, RATE_LIMITED = -32002, -32003
_DENIED = "Tool Execution Denied: "
_DENIED_RESULT = f"AuthorizeActionException - {_DENIED}"
_RATE_LIMITED = "Rate limit exceeded"
_FIRST_ERROR = 400


@dataclass(frozen=True)
class Ended:
    """How a call ended, and why when it was not allowed."""

    outcome: Outcome
    reason: str = ""


def ended(body: Any, status: int | None, *, passed_on: bool) -> Ended:
    """How a call ended.

    Args:
        body: The JSON-RPC answer.
        status: Its HTTP status; None for later events of a stream.
        passed_on: Whether the request interceptor is known to have let the call through, so that no answer is its
            refusal, whatever it says.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if error is not None:
        return _of_error(error if isinstance(error, Mapping) else {}, 0 if passed_on else status or 0)
    result = body.get("result") if isinstance(body, Mapping) else None
    if isinstance(result, Mapping) and result.get("isError") is True:
        return Ended("denied", "policy") if _is_denial(result) else Ended("failed", "tool_error")
    return Ended("failed", "error") if (status or 0) >= _FIRST_ERROR else Ended("allowed")


def _of_error(error: Mapping[str, Any], status: int) -> Ended:
    """How a call ended that an error answers; `status` is 0 when no refusal is to be believed."""
    data = error.get("data")
    reason = data.get("reason") if isinstance(data, Mapping) else None
    if status >= _FIRST_ERROR and (reason in REASONS or reason in ("invalid_token", "insufficient_scope")):
        return Ended("refused", str(reason))
    code, message = error.get("code"), str(error.get("message"))
    if code == RATE_LIMITED and message == _RATE_LIMITED:
        return Ended("denied", "rate_limit")
    return Ended("denied", "policy") if code == DENIED and message.startswith(_DENIED) else Ended("failed", "error")


def _is_denial(result: Mapping[str, Any]) -> bool:
    """Whether a result with `isError` is the gateway's own: one text, and nothing that a tool would add."""
    content = result.get("content")
    only = content[0] if isinstance(content, list) and len(content) == 1 else None
    text = only.get("text") if isinstance(only, Mapping) and only.get("type") == "text" else None
    return isinstance(text, str) and text.startswith(_DENIED_RESULT) and "structuredContent" not in result


def records_in(body: Any) -> int | None:
    """How many rows an answer lists: of its one list among the structured content's members, or of its tools."""
    result = body.get("result") if isinstance(body, Mapping) else None
    if not isinstance(result, Mapping):
        return None
    structured = result.get("structuredContent")
    shown = structured if isinstance(structured, Mapping) else result
    lists = [value for name, value in shown.items() if isinstance(value, list) and name != "content"]
    return len(lists[0]) if len(lists) == 1 else None
