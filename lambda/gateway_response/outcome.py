"""How a call ended, from the answer alone.

What AgentCore says when a policy denies a call, and when a rate limit does, is told apart by its wording and code; both
are JSON-RPC errors, and newer revisions of MCP carry a denial as a result with `isError`
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-enforcement-modes.html,
…/gateway-rate-limiting.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.audit import Outcome
from governance.refusals import REASONS

RATE_LIMITED = -32003
_DENIED = "Tool Execution Denied"
_FIRST_ERROR = 400


@dataclass(frozen=True)
class Ended:
    """How a call ended, and why when it was not allowed."""

    outcome: Outcome
    reason: str = ""


def ended(body: Any, status: int | None) -> Ended:
    """How a call ended.

    Args:
        body: The JSON-RPC answer.
        status: Its HTTP status; None for later events of a stream.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if error is not None:
        return _of_error(error if isinstance(error, Mapping) else {}, status)
    result = body.get("result") if isinstance(body, Mapping) else None
    if isinstance(result, Mapping) and result.get("isError") is True:
        return Ended("denied", "policy") if _DENIED in _first_text(result) else Ended("failed", "tool_error")
    return Ended("failed", "error") if (status or 0) >= _FIRST_ERROR else Ended("allowed")


def _of_error(error: Mapping[str, Any], status: int | None) -> Ended:
    data = error.get("data")
    reason = data.get("reason") if isinstance(data, Mapping) else None
    if (status or 0) >= _FIRST_ERROR and (reason in REASONS or reason in ("invalid_token", "insufficient_scope")):
        return Ended("refused", str(reason))
    if error.get("code") == RATE_LIMITED:
        return Ended("denied", "rate_limit")
    return Ended("denied", "policy") if _DENIED in str(error.get("message")) else Ended("failed", "error")


def _first_text(result: Mapping[str, Any]) -> str:
    content = result.get("content")
    first = content[0] if isinstance(content, list) and content else None
    return str(first.get("text")) if isinstance(first, Mapping) else ""


def records_in(body: Any) -> int | None:
    """How many rows an answer lists: of its one list among the structured content's members, or of its tools."""
    result = body.get("result") if isinstance(body, Mapping) else None
    if not isinstance(result, Mapping):
        return None
    structured = result.get("structuredContent")
    shown = structured if isinstance(structured, Mapping) else result
    lists = [value for name, value in shown.items() if isinstance(value, list) and name != "content"]
    return len(lists[0]) if len(lists) == 1 else None
