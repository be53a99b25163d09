"""A message and its answer, through broken connections: said once, shown once.

A message gets its request_id here, once. When the stream breaks, the message is sent again under the same request_id,
and the service answers with what it stored, or continues, from the beginning of the answer; what was shown already is
passed over. So nothing is doubled, neither in the conversation nor on the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from uuid import uuid4

from foundation_client.events import (
    Done,
    Error,
    Event,
    Notice,
    Restarted,
    ServiceEvent,
    Start,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from foundation_client.failure import Exit
from foundation_client.service import Service, waiting
from foundation_client.trouble import IN_PROGRESS, ServiceError


class Turn:
    """One message on its way."""

    def __init__(self, service: Service, message: str, conversation_id: str | None) -> None:
        self.request_id = str(uuid4())
        self.conversation_id = conversation_id
        """Where the message is; None until the service has taken the first one of a conversation."""
        self.taken = False
        """Whether the service said that it answers the message."""
        self._service = service
        self._body = {"message": message, "request_id": self.request_id}
        if conversation_id is not None:
            self._body["conversation_id"] = conversation_id
        self._shown = _Shown(service.patience.now)

    def events(self) -> Generator[Event]:
        """What happens, each thing once, until the answer is whole or has failed for good (Error, then Done).

        Closing the iterator hangs up; `stop` tells the service. Raises CommandError when patience ends.
        """
        patience = self._service.patience
        give_up = patience.now() + patience.running
        failures = 0
        while True:
            shown = self._shown.count
            try:
                yield from self._attempt()
                return
            except ServiceError as trouble:
                failures = 1 if self._shown.count > shown else failures + 1
                if trouble.problem == IN_PROGRESS:
                    failures = 1  # waiting for a running answer is no failure; the time alone ends it
                delay = patience.delay(failures, trouble.retry_after) if trouble.retryable else None
                if delay is None or patience.now() + delay > give_up:
                    raise
                yield Notice(waiting(trouble.cause, delay))
                patience.sleep(delay)

    def stop(self, notify: Callable[[str], None]) -> None:
        """Tell the service to end the answer, once it has taken the message (`taken`).

        `notify` is told what is being waited for. Raises CommandError when the service cannot be reached or refuses.
        """
        if self.conversation_id is None:
            raise ValueError("the service has not taken the message")
        self._service.stop(self.conversation_id, self.request_id, notify)

    def _attempt(self) -> Iterator[Event]:
        """Send the message; pass on what is new. Raises ServiceError when another attempt may bring more."""
        failed: Error | None = None
        self._shown.begin()
        with self._service.stream(self._body) as events:
            for event in events:
                if isinstance(event, Start):
                    self.conversation_id, self.taken = event.conversation_id, True
                if isinstance(event, Error):
                    failed = event
                    if not event.retryable:
                        yield event
                elif isinstance(event, Done):
                    if failed and failed.retryable:
                        raise _interrupted(failed)
                    yield event
                    return
                else:
                    yield from self._shown.news(event)
        raise ServiceError(
            "The answer broke off, also after several tries: `/open` the conversation later to see what was stored.",
            Exit.UNREACHABLE,
            retryable=True,
            cause="The answer broke off",
        )


def _interrupted(error: Error) -> ServiceError:
    return ServiceError(
        f"{error.message.rstrip('.')}, also after several tries ({error.code}, correlation id {error.correlation_id}).",
        Exit.AGENT,
        retryable=True,
        retry_after=error.retry_after,
        problem=error.code,
        cause=error.message.rstrip("."),
    )


class _Shown:
    """What was passed on of an answer, over all its attempts."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.count = 0
        """How many things were passed on that the answer consists of."""
        self._now = now
        self._text = ""
        self._replayed = 0
        """How many characters of `_text` the present attempt has repeated."""
        self._started = False
        self._called: dict[str, float] = {}
        self._answered: set[str] = set()
        self._fresh: set[str] = set()
        self._used = False

    def begin(self) -> None:
        """Another attempt, which sends the answer from its beginning."""
        self._replayed = 0
        self._fresh.clear()

    def news(self, event: ServiceEvent) -> Iterator[Event]:
        """What of an event is new."""
        match event:
            case Text(text):
                yield from self._new_text(text)
            case Start():
                if not self._started:
                    self._started = True
                    yield event
            case ToolCall(tool_call_id=call):
                if call not in self._called:
                    self._called[call] = self._now()
                    self._fresh.add(call)
                    self.count += 1
                    yield event
            case ToolResult(tool_call_id=call):
                if call not in self._answered:
                    self._answered.add(call)
                    self.count += 1
                    seconds = self._now() - self._called[call] if call in self._fresh else None
                    yield replace(event, seconds=None if seconds is None else round(seconds, 3))
            case Usage():
                if not self._used:
                    self._used = True
                    yield event

    def _new_text(self, text: str) -> Iterator[Event]:
        known = self._text[self._replayed : self._replayed + len(text)]
        if not text.startswith(known):
            # The model was asked again and said something else: what was shown is not what is stored.
            self._text = self._text[: self._replayed]
            known = ""
            yield Restarted()
        self._replayed += len(text)
        if new := text[len(known) :]:
            self._text += new
            self.count += 1
            yield Text(new)
