"""Stores an answer while it is made, and passes it on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from conversation_agent.blocks import SIZE, tool_result
from conversation_agent.calls import unanswered, unknown_result
from conversation_agent.events import Event
from conversation_agent.schemas import Text, ToolCall, Usage
from conversations import NewMessage, Turn


class Recorder:
    """Listens to an answer (`assistant.Listener`); stores it with the turn and sends its events.

    Calls of tools are stored before they are made, and each answer as it comes, so that a process that dies leaves no
    call of which nobody knows, and loses no answer because a neighbour's is missing; text is stored every few seconds
    (`keep`).

    Args:
        turn: what is written.
        send: takes each event; does not block.
    """

    def __init__(self, turn: Turn, send: Callable[[Event], None]) -> None:
        self._turn, self._send = turn, send
        self._draft: list[str] = []
        # A checkpoint of a draft must not come after the message that the draft became.
        self._writing = asyncio.Lock()

    async def text(self, piece: str) -> None:
        """See `assistant.Listener`."""
        self._draft.append(piece)
        self._send(Text(text=piece))

    async def message(self, content: Sequence[Mapping[str, Any]]) -> None:
        """See `assistant.Listener`.

        Raises:
            ConversationError, ClientError, BotoCoreError: it could not be stored.
        """
        calls = [block["toolUse"] for block in content if "toolUse" in block]
        await self._add(NewMessage(role="assistant", content=content), now=bool(calls))
        for call in calls:
            arguments = call["input"] if isinstance(call["input"], dict) else {}
            self._send(ToolCall(tool_call_id=call["toolUseId"], name=call["name"], input=arguments))

    async def tool_answered(self, block: Mapping[str, Any], name: str) -> None:
        """See `assistant.Listener`.

        Raises:
            ConversationError, ClientError, BotoCoreError: it could not be stored.
        """
        await self._add(NewMessage(role="user", content=[block]), now=True)
        self._send(tool_result(block["toolResult"], name, block.get(SIZE)))

    async def close_calls(self) -> None:
        """Answer the calls that an earlier try made and whose answers never came: that this is not known.

        Raises:
            ConversationError, ClientError, BotoCoreError: it could not be stored.
        """
        for call in unanswered([message.content for message in self._turn.messages]):
            await self.tool_answered(unknown_result(call), call["name"])

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

    async def _add(self, message: NewMessage, *, now: bool) -> None:
        """Add a message, and store it now or later; to the end, even when whoever waits for it is cancelled."""

        async def add() -> None:
            async with self._writing:
                await asyncio.to_thread(self._turn.add, message)
                if message.role == "assistant":
                    self._draft.clear()
                if now:
                    await asyncio.to_thread(self._turn.checkpoint, now=True)

        await asyncio.shield(asyncio.create_task(add()))

    def _partial(self) -> NewMessage | None:
        text = "".join(self._draft)
        return NewMessage(role="assistant", content=[{"text": text}]) if text else None
