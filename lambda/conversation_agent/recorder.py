"""Stores an answer while it is made, and passes it on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast

from conversation_agent.blocks import called_tools
from conversation_agent.events import Event
from conversation_agent.schemas import Text, ToolCall, ToolResult, Usage
from conversations import NewMessage, Turn


class Recorder:
    """Listens to an answer (`assistant.Listener`); stores it with the turn and sends its events.

    Whole messages are stored at once when tools are about to be called or have answered, so that a process that dies
    leaves no call of which nobody knows; text is stored every few seconds (`keep`).

    Args:
        turn: what is written.
        send: takes each event; does not block.
    """

    def __init__(self, turn: Turn, send: Callable[[Event], None]) -> None:
        self._turn, self._send = turn, send
        self._draft: list[str] = []
        self._names = called_tools([message.content for message in turn.messages])
        # A checkpoint of a draft must not come after the message that the draft became.
        self._writing = asyncio.Lock()

    async def text(self, piece: str) -> None:
        """See `assistant.Listener`."""
        self._draft.append(piece)
        self._send(Text(text=piece))

    async def message(self, role: str, content: Sequence[Mapping[str, Any]]) -> None:
        """See `assistant.Listener`.

        Raises:
            ConversationError, ClientError, BotoCoreError: it could not be stored.
        """
        calls = [block["toolUse"] for block in content if "toolUse" in block]
        message = NewMessage(role=cast("Literal['user', 'assistant']", role), content=content)
        async with self._writing:
            await asyncio.to_thread(self._turn.add, message)
            self._draft.clear()
            if calls or role == "user":
                await asyncio.to_thread(self._turn.checkpoint, now=True)
        for call in calls:
            arguments = call["input"] if isinstance(call["input"], dict) else {}
            self._send(ToolCall(tool_call_id=call["toolUseId"], name=call["name"], input=arguments))

    async def tool_answered(self, result: ToolResult) -> None:
        """See `assistant.Listener`."""
        self._send(result)

    async def keep(self) -> None:
        """Store what there is, and keep the turn this process's own.

        Raises:
            ConversationError, ClientError, BotoCoreError: it could not be stored.
        """
        async with self._writing:
            await asyncio.to_thread(self._turn.checkpoint, self._partial())

    async def finish(self, *, complete: bool, stop_reason: str, usage: Usage | None) -> None:
        """End the turn.

        Args:
            complete: the answer is whole.
            stop_reason: why the model stopped.
            usage: what it took.

        Raises:
            ConversationError, ClientError, BotoCoreError: it could not be stored.
        """
        counts = {"stop_reason": stop_reason, **(usage.model_dump() if usage else {})}
        async with self._writing:
            partial = None if complete else self._partial()
            status: Literal["done", "interrupted"] = "done" if complete else "interrupted"
            await asyncio.to_thread(self._turn.finish, status, partial=partial, usage=counts)

    def _partial(self) -> NewMessage | None:
        text = "".join(self._draft)
        return NewMessage(role="assistant", content=[{"text": text}]) if text else None
