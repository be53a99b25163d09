"""An answer as one JSON document, put together of its events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from conversation_agent.events import Event
from conversation_agent.problems import ServiceError
from conversation_agent.schemas import (
    Answer,
    Block,
    Done,
    Failure,
    Start,
    Text,
    TextBlock,
    ToolCall,
    ToolCallBlock,
    ToolResult,
    ToolResultBlock,
    Usage,
)


class CutAnswerError(ServiceError):
    """An answer that ended early.

    Attributes:
        conversation_id: the conversation in which its beginning is stored.
    """

    def __init__(self, failure: Failure, conversation_id: str) -> None:
        """Args: the event that says why, and the conversation."""
        super().__init__(failure.code, failure.message, retry_after=failure.retry_after_seconds)
        self.conversation_id = conversation_id


async def whole(events: AsyncIterator[Event]) -> Answer:
    """The answer that its events bring.

    Args:
        events: from `start` to `done`.

    Raises:
        CutAnswerError: it ended early.
    """
    content: list[Block] = []
    usage: Usage | None = None
    start: Start | None = None
    failure: Failure | None = None
    done: Done | None = None
    async for event in events:
        match event:
            case Start():
                start = event
            case Text():
                if content and isinstance(content[-1], TextBlock):
                    content[-1] = TextBlock(text=content[-1].text + event.text)
                else:
                    content.append(TextBlock(text=event.text))
            case ToolCall():
                content.append(ToolCallBlock(**event.model_dump()))
            case ToolResult():
                content.append(ToolResultBlock(**event.model_dump()))
            case Usage():
                usage = event
            case Failure():
                failure = event
            case Done():
                done = event
    if start is None or done is None:
        raise ValueError("the events of an answer begin with start and end with done")
    if failure is not None:
        raise CutAnswerError(failure, start.conversation_id)
    return Answer(
        **start.model_dump(),
        status=done.status,
        stop_reason=done.stop_reason,
        text="".join(block.text for block in content if isinstance(block, TextBlock)),
        content=content,
        usage=usage,
    )
