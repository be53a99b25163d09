"""Server-sent events: how an answer is streamed (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.sse import ServerSentEvent

from conversation_agent.problems import ServiceError
from conversation_agent.schemas import (
    Block,
    Done,
    Failure,
    Start,
    Text,
    TextBlock,
    ToolCall,
    ToolCallBlock,
    ToolResult,
    Usage,
)

Event = Start | Text | ToolCall | ToolResult | Usage | Failure | Done

NAMES: dict[type[Any], str] = {
    Start: "start",
    Text: "text",
    ToolCall: "tool_call",
    ToolResult: "tool_result",
    Usage: "usage",
    Failure: "error",
    Done: "done",
}
"""The name of each event, which says what its data is."""


def server_sent(event: Event) -> ServerSentEvent:
    """An event as FastAPI sends it."""
    return ServerSentEvent(event=NAMES[type(event)], data=event)


def again(content: list[Block]) -> Iterator[Event]:
    """The events that bring blocks which are stored already."""
    for block in content:
        if isinstance(block, TextBlock):
            yield Text(text=block.text)
        elif isinstance(block, ToolCallBlock):
            yield ToolCall(**block.model_dump(exclude={"type"}))
        else:
            yield ToolResult(**block.model_dump(exclude={"type"}))


def failure(error: ServiceError, *, correlation_id: str) -> Failure:
    """The event that says why an answer ends early."""
    return Failure(
        code=error.code,
        message=error.sentence,
        retryable=error.retryable,
        retry_after_seconds=error.retry_after,
        correlation_id=correlation_id,
    )
