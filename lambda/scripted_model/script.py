"""A script: what the model says, turn by turn, for tests that need a certain course of events."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self, cast

STEPS = ("text", "tool", "pause", "wait_for", "throttle", "fail", "stop")

_STOPS = ("end_turn", "max_tokens", "content_filtered", "guardrail_intervened", "stop_sequence")


class ScriptError(Exception):
    """A script that cannot be played, in one sentence."""


@dataclass
class Pause:
    """A place where the model stops until a test lets it go on.

    Attributes:
        reached: Set when the model is there.
        go: Set by the test.
    """

    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that the model does.

    Attributes:
        kind: One of `STEPS`.
        value: What to say, which tool, which pause, which file, or how it fails.
        input: A tool's arguments.
        pieces: Into how many pieces a text is cut.
    """

    kind: str
    value: str
    input: dict[str, Any] = field(default_factory=dict)
    pieces: int = 1


class Script:
    """The turns of a model: each call of it plays the next one, whoever calls. Threads may share it.

    Args:
        turns: The steps of each turn.
    """

    def __init__(self, turns: list[list[Step]]) -> None:
        self._turns = turns
        self._lock = threading.Lock()
        self._next = 0
        self._pauses = {step.value: Pause() for turn in turns for step in turn if step.kind == "pause"}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a script.

        `{"turns": [[step, ...], ...]}`, where a step is one of:

        - `{"text": "...", "pieces": 3}`: say something, in so many pieces
        - `{"tool": "s3_read_operations", "input": {...}}`: call a tool, named in full or by what follows `___`
        - `{"pause": "name"}`: wait for `script.pause("name").go`
        - `{"wait_for": "/tmp/file"}`: wait until a file exists
        - `{"throttle": "sentence"}`, `{"fail": "sentence"}`: end as a throttled or a failing model does
        - `{"stop": "max_tokens"}`: end with this reason

        Args:
            text: The JSON.

        Raises:
            ScriptError: It is no script.
        """
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ScriptError(f"The script is no JSON: {error}.") from None
        turns = found.get("turns") if isinstance(found, dict) else None
        if not isinstance(turns, list) or not all(isinstance(turn, list) for turn in turns):
            raise ScriptError('The script must be {"turns": [[step, ...], ...]}.')
        return cls([[_step(step) for step in turn] for turn in turns])

    def pause(self, name: str) -> Pause:
        """A pause of the script, by its name."""
        return self._pauses[name]

    def take(self) -> list[Step] | None:
        """The steps of the next turn; None when all have been played."""
        with self._lock:
            if self._next >= len(self._turns):
                return None
            self._next += 1
            return self._turns[self._next - 1]


def _step(found: object) -> Step:
    kinds = [kind for kind in STEPS if kind in found] if isinstance(found, dict) else []
    if len(kinds) != 1:
        raise ScriptError(f"The script's step {json.dumps(found)} must have exactly one of {', '.join(STEPS)}.")
    said = cast(dict[str, Any], found)
    (kind,) = kinds
    value, given, pieces = said[kind], said.get("input", {}), said.get("pieces", 1)
    if not isinstance(value, str) or not isinstance(given, dict) or not isinstance(pieces, int) or pieces < 1:
        raise ScriptError(f"The script's step {json.dumps(found)} is not {{kind: text, input?: object, pieces?: 1..}}.")
    if kind == "stop" and value not in _STOPS:
        raise ScriptError(f"The script's step {json.dumps(found)} must stop for one of {', '.join(_STOPS)}.")
    return Step(kind=kind, value=value, input=given, pieces=pieces)


def pieces(text: str, count: int) -> Iterator[str]:
    """A text in so many pieces of about one length; fewer when it is too short."""
    size = max(1, -(-len(text) // count))
    yield from (text[start : start + size] for start in range(0, len(text), size))
