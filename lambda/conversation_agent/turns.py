"""Turns of this process: a question becomes one, which is answered, continued, or found answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from conversation_agent import events, failures
from conversation_agent.answering import STORE_ERRORS, Answering, end_all
from conversation_agent.blocks import called_tools, shown
from conversation_agent.callers import Caller
from conversation_agent.events import Event
from conversation_agent.logs import digest
from conversation_agent.outcome import Asker
from conversation_agent.problems import Code, ServiceError
from conversation_agent.schemas import Done, Question, Start, Usage
from conversation_agent.settings import Settings
from conversations import Conversations, FinishedTurn, OwnerConversations, Turn

if TYPE_CHECKING:
    from conversation_agent.assistant import Assistant


@dataclass(frozen=True, kw_only=True)
class Backend:
    """What turns need, and what takes long to load.

    Attributes:
        conversations: the tenant's conversations.
        assistant: the agent.
    """

    conversations: Conversations
    assistant: Assistant


class Turns:
    """Begins turns and knows those that run.

    Args:
        settings: the service's settings.
        backend: gives store and agent as soon as they are loaded.

    Attributes:
        running: the turns that this process answers.
    """

    def __init__(self, settings: Settings, backend: Callable[[], Awaitable[Backend]]) -> None:
        self._settings, self._backend = settings, backend
        self.running: set[Answering] = set()
        self._closed = False

    async def begin(
        self, question: Question, *, caller: Caller, correlation_id: str, until: float
    ) -> AsyncIterator[Event]:
        """Begin to answer a question.

        Args:
            question: what is asked.
            caller: who asks; the conversation is its own.
            correlation_id: of the request.
            until: when the answer ends at the latest, by `time.monotonic`; loading and claiming count.

        Returns:
            The answer's events.

        Raises:
            ServiceError: it cannot begin: another request is being answered, the store fails, ...
        """
        if self._closed:
            raise ServiceError(Code.SHUTTING_DOWN)
        backend = await self._backend()
        if until <= time.monotonic():
            raise ServiceError(Code.TIME_LIMIT)
        mine = backend.conversations.for_owner(caller.owner)
        begun = await asyncio.to_thread(_begin, mine, question)
        if isinstance(begun, FinishedTurn):
            return _again(begun, correlation_id)
        answering = Answering(
            begun,
            backend.assistant,
            asker=Asker(correlation_id=correlation_id, principal=caller.owner),
            history_turns=self._settings.history_turns,
            until=until,
            log={
                "correlation_id": correlation_id,
                "tenant": self._settings.tenant,
                "agent": self._settings.agent,
                "owner": digest(self._settings.tenant, caller.owner),
                "conversation_id": begun.conversation_id,
                "request_id": begun.request_id,
            },
        )
        self.running.add(answering)
        answering.task.add_done_callback(lambda _: self.running.discard(answering))
        return answering.events()

    def close(self) -> asyncio.Task[None]:
        """Begin no more turns and end those that run; the task ends when they are stored."""
        self._closed = True
        return asyncio.create_task(end_all([*self.running]))


def _begin(mine: OwnerConversations, question: Question) -> Turn | FinishedTurn:
    conversation_id = str(question.conversation_id) if question.conversation_id else None
    try:
        return mine.begin(str(question.request_id), [{"text": question.message}], conversation_id=conversation_id)
    except STORE_ERRORS as error:
        raise failures.of_store(error) from error


async def _again(finished: FinishedTurn, correlation_id: str) -> AsyncIterator[Event]:
    """The events of an answer that is stored."""
    yield Start(
        conversation_id=finished.conversation_id,
        request_id=UUID(finished.request_id),
        correlation_id=correlation_id,
        replayed=True,
        resumed=False,
    )
    names = called_tools([message.content for message in finished.messages])
    for message in finished.answer:
        for event in events.again(shown(message.content, names)):
            yield event
    counts = dict(finished.usage)
    stop_reason = counts.pop("stop_reason", "end_turn")
    if counts:
        yield Usage(**counts)
    yield Done(
        conversation_id=finished.conversation_id,
        request_id=UUID(finished.request_id),
        status="complete" if finished.status == "done" else "interrupted",
        stop_reason=stop_reason,
    )
