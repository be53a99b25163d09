"""What happens while an answer is given: the events of the service's stream, and two of the client's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from foundation_client.wire import loads, member, optional


@dataclass(frozen=True, kw_only=True)
class Start:
    """The service took the message."""

    conversation_id: str
    request_id: str
    correlation_id: str
    """By which the operators find this answer in logs and audit records."""


@dataclass(frozen=True)
class Text:
    """A piece of the answer, as Markdown."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """The agent calls a tool."""

    tool_call_id: str
    name: str
    input: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """The tool answered."""

    tool_call_id: str
    name: str
    failed: bool
    preview: str
    """The beginning of the answer."""
    bytes: int
    """Of the whole answer."""
    seconds: float | None = None
    """Between call and result as they arrived here; None when they were sent again."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What the answer took from the model."""

    input_tokens: int
    output_tokens: int
    latency_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Error:
    """The answer failed on its way."""

    code: str
    message: str
    retryable: bool
    retry_after: float | None
    correlation_id: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """The answer ended: `status` is complete or interrupted."""

    conversation_id: str
    request_id: str
    status: str
    stop_reason: str


@dataclass(frozen=True)
class Notice:
    """The client's own: what it is waiting for."""

    text: str


@dataclass(frozen=True)
class Restarted:
    """The client's own: the answer is given anew and differs from what was shown, which therefore no longer counts."""


ServiceEvent = Start | Text | ToolCall | ToolResult | Usage | Error | Done
Event = ServiceEvent | Notice | Restarted


def read_event(name: str, data: str) -> ServiceEvent | None:
    """Read an event of the stream; None for one that this client does not know. Raises WireError if malformed."""
    reader = _READERS.get(name)
    return reader(loads(data)) if reader else None


def _start(data: Mapping[str, Any]) -> Start:
    return Start(
        conversation_id=member(data, "conversation_id", str),
        request_id=member(data, "request_id", str),
        correlation_id=optional(data, "correlation_id", str) or "",
    )


def _text(data: Mapping[str, Any]) -> Text:
    return Text(member(data, "text", str))


def _tool_call(data: Mapping[str, Any]) -> ToolCall:
    return ToolCall(
        tool_call_id=member(data, "tool_call_id", str),
        name=member(data, "name", str),
        input=member(data, "input", dict),
    )


def _tool_result(data: Mapping[str, Any]) -> ToolResult:
    return ToolResult(
        tool_call_id=member(data, "tool_call_id", str),
        name=member(data, "name", str),
        failed=member(data, "status", str) != "success",
        preview=optional(data, "preview", str) or "",
        bytes=optional(data, "bytes", int) or 0,
    )


def _usage(data: Mapping[str, Any]) -> Usage:
    return Usage(
        input_tokens=member(data, "input_tokens", int),
        output_tokens=member(data, "output_tokens", int),
        latency_ms=optional(data, "latency_ms", int),
    )


def _error(data: Mapping[str, Any]) -> Error:
    after = data.get("retry_after_seconds")
    return Error(
        code=member(data, "code", str),
        message=member(data, "message", str),
        retryable=data.get("retryable") is True,
        retry_after=float(after) if isinstance(after, int | float) else None,
        correlation_id=optional(data, "correlation_id", str) or "",
    )


def _done(data: Mapping[str, Any]) -> Done:
    return Done(
        conversation_id=member(data, "conversation_id", str),
        request_id=member(data, "request_id", str),
        status=member(data, "status", str),
        stop_reason=optional(data, "stop_reason", str) or "",
    )


_READERS: Mapping[str, Callable[[Mapping[str, Any]], ServiceEvent]] = {
    "start": _start,
    "text": _text,
    "tool_call": _tool_call,
    "tool_result": _tool_result,
    "usage": _usage,
    "error": _error,
    "done": _done,
}
