"""The store against a plain model, in any order of calls that two writers, retries, crashes and deletions can come in.

The model is a list of messages per conversation and the rules of turns in a few lines; the store must show the same at
every step: nothing lost, nothing doubled, nothing out of order, and the same call refused.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from conversations import (
    ConflictError,
    ConversationError,
    FinishedTurn,
    InProgressError,
    Limits,
    LostTurnError,
    NewMessage,
    NotFoundError,
    RequestReusedError,
    Turn,
)
from tests.unit.conversations_support import World, answered, said, texts, world

OWNERS = ("role/one", "role/two")
LEASE = 30.0
words = st.sampled_from(["a", "b"])


@dataclass
class Written:
    """What the model knows of a turn: its request, the user's message first, and how it stands."""

    request: str
    question: str
    stored: list[str] = field(default_factory=list)
    cut: str | None = None
    status: str = "open"
    lease: float = 0.0
    writer: int = 0

    @property
    def texts(self) -> list[str]:
        return [self.question, *self.stored, *([self.cut] if self.cut is not None else [])]


@dataclass
class Expected:
    """The model's conversation."""

    owner: str
    first_request: str
    turns: list[Written] = field(default_factory=list)
    deleted: bool = False

    @property
    def open(self) -> Written | None:
        return self.turns[-1] if self.turns and self.turns[-1].status == "open" else None

    def begin(self, request: str, question: str, *, now: float, writer: int) -> type | Written:
        """The error that a request gets, FinishedTurn, or the turn that it may write."""
        if self.deleted:
            return NotFoundError
        known = next((turn for turn in self.turns if turn.request == request), None)
        current = self.open
        if known is not None and known.question != question:
            return RequestReusedError
        if known is not None and known is not current and (known.status == "done" or known is not self.turns[-1]):
            return FinishedTurn
        if current is not None and current.lease > now:
            return InProgressError if known is current else ConflictError
        if known is None:
            if current is not None:
                current.status = "interrupted"
            known = Written(request, question)
            self.turns.append(known)
        else:
            known.cut = None
        known.status, known.lease, known.writer = "open", now + LEASE, writer
        return known


@dataclass
class Writer:
    """A process in the middle of a turn, and its number."""

    turn: Turn
    expected: Expected
    number: int
    added: list[str] = field(default_factory=list)

    @property
    def mine(self) -> Written | None:
        """Its turn in the model, None when it is no longer its own."""
        current = None if self.expected.deleted else self.expected.open
        return current if current is not None and current.writer == self.number else None


class Interleavings(RuleBasedStateMachine):
    """Calls in any order."""

    conversations = Bundle("conversations")
    writers = Bundle("writers")

    def __init__(self) -> None:
        super().__init__()
        self._cleanup = ExitStack()
        self.world: World = self._cleanup.enter_context(world())
        self.world.limits = Limits(lease_seconds=LEASE, checkpoint_seconds=0)
        self.expected: dict[str, Expected] = {}
        self.number = 0

    def teardown(self) -> None:
        self._cleanup.close()

    @rule(target=conversations, owner=st.sampled_from(OWNERS), request=st.just("new"))
    def create(self, owner: str, request: str) -> Any:
        known = [e for e in self.expected.values() if e.owner == owner and e.first_request == request]
        if known and known[0].deleted:
            assert refused(self.world.of(owner).create, request_id=request) is NotFoundError
            return multiple()
        made, new = self.world.of(owner).create(request_id=request)
        assert new == (not known)
        self.expected.setdefault(made.id, Expected(owner, request))
        return made.id

    @rule(target=writers, conversation=conversations, request=st.sampled_from(["r1", "r2"]), text=words)
    def begin(self, conversation: str, request: str, text: str) -> Any:
        expected = self.expected[conversation]
        self.number += 1
        wanted = expected.begin(request, text, now=self.world.clock.now, writer=self.number)
        mine = self.world.of(expected.owner)
        if isinstance(wanted, type) and wanted is not FinishedTurn:
            assert refused(mine.begin, request, said(text), conversation_id=conversation) is wanted
            return multiple()
        begun = mine.begin(request, said(text), conversation_id=conversation)
        if isinstance(begun, FinishedTurn):
            assert wanted is FinishedTurn
            [known] = [turn for turn in expected.turns if turn.request == request]
            assert (begun.status, texts(begun.messages)) == (known.status, known.texts)
            return multiple()
        assert isinstance(wanted, Written)
        assert texts(begun.messages) == [wanted.question, *wanted.stored]
        before = [said_text for turn in expected.turns[:-1] for said_text in turn.texts]
        assert texts(begun.history()) == before
        return Writer(begun, expected, self.number)

    @rule(writer=writers, text=words)
    def add(self, writer: Writer, text: str) -> None:
        writer.turn.add(answered(text))
        writer.added.append(text)

    @rule(writer=writers, partial=st.none() | words)
    def checkpoint(self, writer: Writer, partial: str | None) -> None:
        mine = writer.mine
        if mine is None:
            assert refused(writer.turn.checkpoint, maybe(partial)) is LostTurnError
            return
        writer.turn.checkpoint(maybe(partial))
        self._stored(mine, writer, partial)
        mine.lease = self.world.clock.now + LEASE

    @rule(writer=consumes(writers), partial=st.none() | words, status=st.sampled_from(["done", "interrupted"]))
    def finish(self, writer: Writer, partial: str | None, status: Any) -> None:
        mine = writer.mine
        if mine is None:
            assert refused(writer.turn.finish, status, partial=maybe(partial)) is LostTurnError
            return
        ended = writer.turn.finish(status, partial=maybe(partial))
        self._stored(mine, writer, partial)
        mine.status = status
        assert texts(ended.messages) == mine.texts
        assert writer.turn.finish(status) is ended

    @rule(writer=consumes(writers))
    def crash(self, writer: Writer) -> None:
        """What it had added and not stored is lost with it, as on a real crash."""

    @rule(conversation=conversations)
    def delete(self, conversation: str) -> None:
        expected = self.expected[conversation]
        delete = self.world.of(expected.owner).delete
        if expected.deleted:
            assert refused(delete, conversation) is NotFoundError
            return
        delete(conversation)
        expected.deleted = True

    @rule(conversation=conversations, owner=st.sampled_from(OWNERS))
    def look(self, conversation: str, owner: str) -> None:
        expected = self.expected[conversation]
        mine = self.world.of(owner)
        if owner != expected.owner or expected.deleted:
            assert refused(mine.load, conversation) is NotFoundError
            return
        loaded = mine.load(conversation)
        assert texts(loaded.messages) == [text for turn in expected.turns for text in turn.texts]
        assert [m.sequence for m in loaded.messages] == list(range(loaded.length))
        assert (loaded.turn and loaded.turn.request_id) == (expected.open and expected.open.request)

    @rule(seconds=st.sampled_from([LEASE / 2, LEASE + 1]))
    def wait(self, seconds: float) -> None:
        self.world.clock.now += seconds

    @invariant()
    def lists_show_what_there_is(self) -> None:
        for owner in OWNERS:
            mine, found, cursor = self.world.of(owner), [], None
            while True:
                page = mine.list(limit=2, cursor=cursor)
                found += [summary.id for summary in page.items]
                if not (cursor := page.cursor):
                    break
            wanted = {id for id, e in self.expected.items() if e.owner == owner and not e.deleted}
            assert (set(found), len(found)) == (wanted, len(wanted))

    def _stored(self, mine: Written, writer: Writer, partial: str | None) -> None:
        if writer.added or partial is not None:
            mine.cut = partial
        mine.stored += writer.added
        writer.added = []


def maybe(text: str | None) -> NewMessage | None:
    """A message of the assistant, if there is a text."""
    return None if text is None else answered(text)


def refused(call: Any, *arguments: Any, **named: Any) -> type | None:
    """The type of the error that a call raises."""
    try:
        call(*arguments, **named)
    except ConversationError as error:
        return type(error)
    return None


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
