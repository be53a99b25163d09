"""What the store of conversations costs as one grows: appending a turn, loading all, and what a model is given of it.

Seconds are of the emulated DynamoDB on this machine, so only how they grow says something of AWS; requests and consumed
capacity are what AWS would count, for messages of about a kilobyte
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-unit-calculations.html).
"""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from conversations import Conversations, NewMessage, OwnerConversations, Turn
from local import installation
from tests.bench.measure import ROOT, show
from tests.local.conftest import start_emulator
from tests.local.conversation_tables import deployed_table

LENGTHS = (10, 100, 500)
ROUNDS = 15
_WORDS = (ROOT / "README.md").read_text().split()


class _Counter:
    """Counts the requests of a client, and the capacity that DynamoDB says they consume."""

    def __init__(self, client: Any) -> None:
        self.requests: list[str] = []
        self.capacity = 0.0
        events = client.meta.events
        events.register("before-parameter-build.dynamodb", self._ask)
        events.register("after-call.dynamodb", self._note)

    def clear(self) -> None:
        self.requests, self.capacity = [], 0.0

    def _ask(self, params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def _note(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        self.requests.append(model.name)
        if "Items" in parsed:
            # The emulator counts one unit for every Query; AWS one for each 4 KB that are read consistently.
            self.capacity += math.ceil(sum(map(_size, parsed["Items"])) / 4096)
            return
        consumed = parsed.get("ConsumedCapacity", [])
        for one in consumed if isinstance(consumed, list) else [consumed]:
            self.capacity += float(one["CapacityUnits"])


def run() -> None:
    """Print a line for each length and each kind of call, as a ratio to the shortest conversation."""
    with _table() as (client, name):
        counter = _Counter(client)
        mine = Conversations(name, tenant="acme-corp", agent="bench", retention_days=30, client=client).for_owner(
            "role/bench"
        )
        seconds: dict[tuple[str, int], float] = {}
        for length in LENGTHS:
            conversation = _conversation(mine, length)
            for what, call in _calls(mine, conversation, length).items():
                counter.clear()
                seconds[what, length] = median(_seconds(call) for _ in range(ROUNDS))
                _print(what, length, seconds, counter)


def _print(what: str, length: int, seconds: dict[tuple[str, int], float], counter: _Counter) -> None:
    shortest = LENGTHS[0]
    show(
        f"{what}, {length} messages",
        seconds[what, length],
        f"{shortest} messages",
        seconds[what, shortest],
        scale=1000,
        unit="ms",
    )
    each = {name: counter.requests.count(name) / ROUNDS for name in dict.fromkeys(counter.requests)}
    requests = ", ".join(f"{number:.3g} {name}" for name, number in each.items())
    print(f"    {requests}; {counter.capacity / ROUNDS:.1f} capacity units", flush=True)


def _calls(mine: OwnerConversations, conversation: str, length: int) -> dict[str, Callable[[], object]]:
    numbers = iter(range(1_000_000))

    def append() -> None:
        turn = _turn(mine, f"{length}-more-{next(numbers)}", conversation)
        turn.add(_message(length))
        turn.finish()

    def history() -> None:
        turn = _turn(mine, f"{length}-history-{next(numbers)}", conversation)
        turn.history(turns=20)
        turn.finish("interrupted")

    return {
        "load": lambda: mine.load(conversation),
        "begin, give 20 turns, end": history,
        "append a turn": append,
    }


def _conversation(mine: OwnerConversations, length: int) -> str:
    """A conversation of so many messages, in turns of two."""
    first = _turn(mine, f"{length}-0", None)
    first.add(_message(0))
    first.finish()
    for number in range(1, length // 2):
        turn = _turn(mine, f"{length}-{number}", first.conversation_id)
        turn.add(_message(number))
        turn.finish()
    return first.conversation_id


def _turn(mine: OwnerConversations, request_id: str, conversation: str | None) -> Turn:
    turn = mine.begin(request_id, [{"text": _text(request_id)}], conversation_id=conversation)
    assert isinstance(turn, Turn)
    return turn


def _message(number: int) -> NewMessage:
    return NewMessage(role="assistant", content=[{"text": _text(f"answer {number}")}])


def _text(about: str) -> str:
    """A kilobyte of words, others for each subject."""
    return " ".join(random.Random(about).choices(_WORDS, k=200))[:1024]


def _size(item: dict[str, Any]) -> int:
    """The bytes of an item as DynamoDB counts them: names and values; a number is taken as six."""
    values = (value for attribute in item.values() for value in attribute.values())
    return sum(map(len, item)) + sum(len(value) if isinstance(value, str | bytes) else 6 for value in values)


def _seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


@contextmanager
def _table() -> Iterator[tuple[Any, str]]:
    """A client of an emulator of its own, and the name of the table in it."""
    with tempfile.TemporaryDirectory() as folder:
        emulator = start_emulator(installation.emulator_python(), Path(folder))
        try:
            with deployed_table(emulator) as outputs:
                yield emulator.client("dynamodb"), outputs["Table"]
        finally:
            emulator.process.terminate()
            emulator.process.wait(timeout=15)
