"""The store against a plain model, in any order of calls that two writers, retries, crashes and deletions can come in.

The model is a list of messages per conversation and the rules of turns in a few lines; the store must show the same at
every step: nothing lost, nothing doubled, nothing out of order, and the same call refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from conversations import (
    ConflictError,
    ConversationError,
    FinishedTurn,
    InProgressError,
    Limits,
    LostTurnError,
    NewMessage,
    NotFoundError,
    NotOpenError,
    RequestReusedError,
    Turn,
)
from conversations.contents import decoded, encoded
from tests.unit.conversations_support import World, answered, empty, said, texts, world

OWNERS = ("role/one", "role/two")
LEASE = 30.0
WORDS = st.sampled_from(["a", "a", "a", "b"])


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
    stopped: bool = False

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
        known.status, known.lease, known.writer, known.stopped = "open", now + LEASE, writer, False
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

    def stored(self, mine: Written, partial: str | None) -> None:
        """What it had is stored now."""
        if self.added or partial is not None:
            mine.cut = partial
        mine.stored += self.added
        self.added = []


@dataclass(frozen=True)
class Step:
    """A call, and what it is made with as far as it needs it."""

    call: str
    which: int
    request: str
    text: str
    partial: str | None
    status: Any


STEPS = st.builds(
    Step,
    call=st.sampled_from(
        [
            *["begin"] * 6,
            *["checkpoint", "wait"] * 3,
            *["finish", "add"] * 2,
            *["look", "crash", "stop", "list", "create", "delete"],
        ]
    ),
    which=st.integers(0, 7),
    request=st.sampled_from(["r1", "r1", "r2"]),
    text=WORDS,
    partial=st.none() | WORDS,
    status=st.sampled_from(["done", "interrupted"]),
)


class Interleaving:
    """Makes the calls and compares."""

    def __init__(self, world: World) -> None:
        self.world = World(world.client, limits=Limits(lease_seconds=LEASE, checkpoint_seconds=0))
        self.expected: dict[str, Expected] = {}
        self.writers: list[Writer] = []
        self.begun = 0
        for owner in OWNERS:
            self._create(owner, "first")

    def make(self, step: Step) -> None:
        """One call; those of writers only while there is one."""
        if step.call in ("add", "checkpoint", "finish", "crash") and not self.writers:
            return
        getattr(self, step.call)(step)

    def create(self, step: Step) -> None:
        self._create(OWNERS[step.which % 2], "first" if step.which < 4 else "second")

    def begin(self, step: Step) -> None:
        id, expected = self._conversation(step)
        self.begun += 1
        wanted = expected.begin(step.request, step.text, now=self.world.clock.now, writer=self.begun)
        begin = self.world.of(expected.owner).begin
        if isinstance(wanted, type) and wanted is not FinishedTurn:
            assert refused(begin, step.request, said(step.text), conversation_id=id) is wanted
            return
        begun = begin(step.request, said(step.text), conversation_id=id)
        if isinstance(begun, FinishedTurn):
            assert wanted is FinishedTurn
            [known] = [turn for turn in expected.turns if turn.request == step.request]
            assert (begun.status, texts(begun.messages)) == (known.status, known.texts)
            return
        assert isinstance(wanted, Written)
        assert texts(begun.messages) == [wanted.question, *wanted.stored]
        assert texts(begun.history()) == [text for turn in expected.turns[:-1] for text in turn.texts]
        self.writers.append(Writer(begun, expected, self.begun))

    def add(self, step: Step) -> None:
        writer = self._writer(step)
        writer.turn.add(answered(step.text))
        writer.added.append(step.text)

    def checkpoint(self, step: Step) -> None:
        writer = self._writer(step)
        mine = writer.mine
        if mine is None:
            assert refused(writer.turn.checkpoint, maybe(step.partial)) is LostTurnError
            return
        writer.turn.checkpoint(maybe(step.partial))
        writer.stored(mine, step.partial)
        mine.lease = self.world.clock.now + LEASE
        assert writer.turn.stop_requested == mine.stopped

    def finish(self, step: Step) -> None:
        writer = self._writer(step)
        self.writers.remove(writer)
        mine = writer.mine
        if mine is None:
            assert refused(writer.turn.finish, step.status, partial=maybe(step.partial)) is LostTurnError
            return
        ended = writer.turn.finish(step.status, partial=maybe(step.partial))
        writer.stored(mine, step.partial)
        mine.status = step.status
        assert texts(ended.messages) == mine.texts
        assert writer.turn.finish(step.status) is ended

    def crash(self, step: Step) -> None:
        """What was added and not stored is lost with the writer."""
        self.writers.remove(self._writer(step))

    def stop(self, step: Step) -> None:
        id, expected = self._conversation(step)
        stop = self.world.of(expected.owner).stop
        known = next((turn for turn in expected.turns if turn.request == step.request), None)
        if expected.deleted:
            assert refused(stop, id, request_id=step.request) is NotFoundError
        elif known is None or known.status == "done":
            assert refused(stop, id, request_id=step.request) is NotOpenError
        else:
            stop(id, request_id=step.request)
            known.stopped = known.status == "open"

    def delete(self, step: Step) -> None:
        id, expected = self._conversation(step)
        delete = self.world.of(expected.owner).delete
        if expected.deleted:
            assert refused(delete, id) is NotFoundError
            return
        delete(id)
        expected.deleted = True

    def look(self, step: Step) -> None:
        id, expected = self._conversation(step)
        owner = OWNERS[step.which // 4]
        if owner != expected.owner or expected.deleted:
            assert refused(self.world.of(owner).load, id) is NotFoundError
            return
        loaded = self.world.of(owner).load(id)
        assert texts(loaded.messages) == [text for turn in expected.turns for text in turn.texts]
        assert [m.sequence for m in loaded.messages] == list(range(loaded.length))
        assert (loaded.turn and loaded.turn.request_id) == (expected.open and expected.open.request)

    def list(self, step: Step) -> None:
        owner = OWNERS[step.which % 2]
        mine, found, cursor = self.world.of(owner), [], None
        while True:
            page = mine.list(limit=1 + step.which // 4, cursor=cursor)
            found += [summary.id for summary in page.items]
            if not (cursor := page.cursor):
                break
        wanted = {id for id, e in self.expected.items() if e.owner == owner and not e.deleted}
        assert (set(found), len(found)) == (wanted, len(wanted))

    def wait(self, step: Step) -> None:
        self.world.clock.now += LEASE + 1 if step.which % 2 else LEASE / 2

    def _create(self, owner: str, request: str) -> None:
        known = [e for e in self.expected.values() if e.owner == owner and e.first_request == request]
        if known and known[0].deleted:
            assert refused(self.world.of(owner).create, request_id=request) is NotFoundError
            return
        made, new = self.world.of(owner).create(request_id=request)
        assert new == (not known)
        self.expected.setdefault(made.id, Expected(owner, request))

    def _conversation(self, step: Step) -> tuple[str, Expected]:
        """Most often the first one, so that calls meet."""
        known = [*self.expected.items()]
        return known[step.which % len(known) if step.which > 3 else 0]

    def _writer(self, step: Step) -> Writer:
        return self.writers[step.which % len(self.writers)]


def test_any_interleaving_is_as_the_model_says() -> None:
    with world() as shared:

        @settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
        @given(st.lists(STEPS, min_size=30, max_size=60))
        def compare(steps: list[Step]) -> None:
            empty(shared)
            interleaving = Interleaving(shared)
            for step in steps:
                interleaving.make(step)
            for which in range(4, 4 + len(interleaving.expected)):
                interleaving.look(Step("look", which, "", "", None, ""))

        compare()


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


LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
KEYS = st.sampled_from(["$bytes", "$$bytes", "bytes", "a"])
CONTENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2), max_leaves=10
)


@given(CONTENTS)
def test_any_content_comes_back_as_it_was_bytes_too(content: Any) -> None:
    assert decoded(encoded([{"block": content}])) == [{"block": content}]
