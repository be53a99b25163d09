"""A turn that is being answered: a task of its own, which ends properly whoever still listens."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from conversation_agent import events, failures
from conversation_agent.blocks import called_tools, shown
from conversation_agent.events import Event
from conversation_agent.history import for_model, is_answer, of_turn
from conversation_agent.logs import described, logger
from conversation_agent.outcome import STOPPED, Asker, Outcome
from conversation_agent.problems import Code, ServiceError
from conversation_agent.recorder import Recorder
from conversation_agent.schemas import Done, Start
from conversations import ConversationError, Message, Turn

if TYPE_CHECKING:
    from conversation_agent.assistant import Assistant

STORE_ERRORS = (ConversationError, ClientError, BotoCoreError)
KEEP_SECONDS = 2.0
"""How often what was said is stored."""
HISTORY_BYTES = 400_000
"""How much of the earlier turns the model gets, as JSON: about 100,000 tokens, half of what models take."""
GRACE_SECONDS = 0.5
"""How long a stopped agent may take to notice, and a tool that was called to answer; after SIGTERM Lambda leaves two
seconds in all (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown)."""


class Answering:
    """Answers a turn.

    Args:
        turn: the claimed turn.
        assistant: who answers.
        asker: who asks.
        history_turns: how many earlier turns the model gets.
        until: when it ends at the latest, by `time.monotonic`.
        log: what its line in the log says beside how it ended.
    """

    def __init__(
        self,
        turn: Turn,
        assistant: Assistant,
        *,
        asker: Asker,
        history_turns: int,
        until: float,
        log: dict[str, str],
    ) -> None:
        self._turn, self._assistant, self._asker = turn, assistant, asker
        self._history_turns, self._until, self._log = history_turns, until, log
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._recorder = Recorder(turn, self._events.put_nowait)
        self._stop = threading.Event()
        self._ended_early: asyncio.Future[tuple[str, ServiceError | None]] = asyncio.Future()
        self._task = asyncio.create_task(self._run())

    @property
    def task(self) -> asyncio.Task[None]:
        """Ends when the turn is stored; never with an exception."""
        return self._task

    async def events(self) -> AsyncIterator[Event]:
        """The answer's events. Who leaves before the last one ends the answer."""
        try:
            while (event := await self._events.get()) is not None:
                yield event
        finally:
            self.end("client_gone")

    def end(self, why: str, failure: ServiceError | None = None) -> None:
        """End the answer early, unless it has ended: what was said is stored.

        Args:
            why: for the log.
            failure: what the client is told.
        """
        if not self._ended_early.done():
            self._ended_early.set_result((why, failure))
        self._stop.set()

    async def _run(self) -> None:
        started = time.monotonic()
        try:
            self._send_beginning()
            outcome = self._named(await self._outcome())
            failure = await self._finish(outcome)
        except Exception as error:  # the last resort: a stream always ends with `done`
            logger.error("the turn failed", extra={**self._log, **described(error)})
            failure, outcome = ServiceError(Code.INTERNAL), Outcome("error", None)
        complete = failure is None and outcome.complete
        self._send_end(outcome, failure, complete=complete)
        logger.info(
            "turn ended",
            extra={
                **self._log,
                "status": "complete" if complete else "interrupted",
                "stop_reason": outcome.stop_reason,
                "ended_early": self._ended_early.result()[0] if self._ended_early.done() else None,
                "code": failure.code if failure else None,
                "seconds": round(time.monotonic() - started, 3),
                "usage": outcome.usage.model_dump() if outcome.usage else None,
            },
        )

    def _send_end(self, outcome: Outcome, failure: ServiceError | None, *, complete: bool) -> None:
        if outcome.usage:
            self._events.put_nowait(outcome.usage)
        if failure:
            self._events.put_nowait(events.failure(failure, correlation_id=self._asker.correlation_id))
        self._events.put_nowait(
            Done(
                conversation_id=self._turn.conversation_id,
                request_id=UUID(self._turn.request_id),
                status="complete" if complete else "interrupted",
                stop_reason=outcome.stop_reason,
            )
        )
        self._events.put_nowait(None)

    def _send_beginning(self) -> None:
        """What is known already: which turn this is, and what an earlier try of it had stored."""
        self._events.put_nowait(
            Start(
                conversation_id=self._turn.conversation_id,
                request_id=UUID(self._turn.request_id),
                correlation_id=self._asker.correlation_id,
                replayed=False,
                resumed=self._turn.resumed,
            )
        )
        names = called_tools([message.content for message in self._turn.messages])
        for message in self._turn.messages[1:]:
            for event in events.again(shown(message.content, names)):
                self._events.put_nowait(event)

    async def _outcome(self) -> Outcome:
        """Let the assistant answer until it is done, the time is over, or somebody ends it."""
        work = asyncio.create_task(self._answer())
        keeping = asyncio.create_task(self._keep())
        try:
            early: set[asyncio.Future[Any]] = {work, self._ended_early}
            left = max(0.0, self._until - time.monotonic())
            await asyncio.wait(early, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                self.end("time_limit", ServiceError(Code.TIME_LIMIT))  # unless it was ended for another reason
                await asyncio.wait({work}, timeout=GRACE_SECONDS)
            return await self._result(work)
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})

    async def _result(self, work: asyncio.Task[Outcome]) -> Outcome:
        if not work.done():
            work.cancel()
            await asyncio.wait({work}, timeout=GRACE_SECONDS)
        ended_early = self._ended_early.result()[1] if self._ended_early.done() else None
        if not work.done() or work.cancelled():
            return Outcome("cancelled", None, ended_early)
        error = work.exception()
        if isinstance(error, STORE_ERRORS):
            return Outcome("error", None, failures.of_store(error))
        if error is not None:
            logger.error("the answer failed", extra={**self._log, **described(error)})
            return Outcome("error", None, ServiceError(Code.INTERNAL))
        outcome = work.result()
        cancelled = outcome.stop_reason == "cancelled"
        return Outcome(outcome.stop_reason, outcome.usage, ended_early) if cancelled else outcome

    def _named(self, outcome: Outcome) -> Outcome:
        """The outcome, with the reason that its owner knows when it was the owner who stopped it."""
        stopped = self._ended_early.done() and self._ended_early.result()[0] == STOPPED
        return replace(outcome, stop_reason=STOPPED) if stopped and outcome.stop_reason == "cancelled" else outcome

    async def _answer(self) -> Outcome:
        if is_answer(self._turn.messages[-1]):
            return Outcome("end_turn", None)  # the process died between the last message and the turn's end
        await self._recorder.close_calls()
        earlier = await asyncio.to_thread(self._earlier) if self._history_turns else []
        messages = [*for_model(earlier), *of_turn(self._turn.messages)]
        return await self._assistant.answer(messages, asker=self._asker, listener=self._recorder, stop=self._stop)

    def _earlier(self) -> list[Message]:
        """The newest turns that fit; the last one in any case, since a question often means the answer before it."""
        fitting = self._turn.history(turns=self._history_turns, most_bytes=HISTORY_BYTES)
        return fitting or self._turn.history(turns=1)

    async def _keep(self) -> None:
        """Store every now and then what was said; the end of the answer when it was stopped or is no longer ours."""
        while not self._turn.stop_requested:
            await asyncio.sleep(KEEP_SECONDS)
            try:
                await self._recorder.keep()
            except STORE_ERRORS as error:
                failure = failures.of_store(error)
                if failure.code is Code.CONVERSATION_CHANGED:
                    self.end("lost", failure)
                    return
                logger.warning("a checkpoint failed", extra={**self._log, "code": failure.code})
        self.end(STOPPED)

    async def _finish(self, outcome: Outcome) -> ServiceError | None:
        """Store the turn's end; what the client is told went wrong, if anything."""
        try:
            await self._recorder.finish(complete=outcome.complete, stop_reason=outcome.stop_reason, usage=outcome.usage)
        except STORE_ERRORS as error:
            failure = failures.of_store(error)
            logger.warning("the end of a turn was not stored", extra={**self._log, "code": failure.code})
            return outcome.failure or failure
        return outcome.failure


async def end_all(running: Sequence[Answering]) -> None:
    """End answers because the process is to end, and wait until they are stored."""
    for one in running:
        one.end("shutting_down", ServiceError(Code.SHUTTING_DOWN))
    if running:
        with suppress(TimeoutError):
            await asyncio.wait({one.task for one in running}, timeout=3 * GRACE_SECONDS)
