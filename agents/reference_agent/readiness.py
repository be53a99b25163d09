"""Whether this pod can answer: its secret, its token, and the gateway's tools can be had."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from gateway_agent.errors import AgentError

_GOOD_SECONDS, _BAD_SECONDS = 30.0, 3.0
"""How long an answer counts: a probe every few seconds is not to become load on what all agents share."""


@dataclass(frozen=True)
class State:
    """The last answer.

    Attributes:
        ready: Whether questions can be answered.
        reason: Why not, in one sentence.
    """

    ready: bool
    reason: str = ""


class Readiness:
    """Asks whether this pod is ready, and remembers the answer for a while.

    Args:
        check: Does what a question needs; raises when that fails.
        clock: Seconds since some start.
    """

    def __init__(self, check: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._check, self._clock = check, clock
        self._lock = threading.Lock()
        self._known: tuple[State, float] | None = None

    def state(self) -> State:
        """The state, asked anew when the last answer is old. It blocks meanwhile; one thread asks at a time."""
        with self._lock:
            if self._known is None or self._clock() >= self._known[1]:
                state = self._asked()
                self._known = (state, self._clock() + (_GOOD_SECONDS if state.ready else _BAD_SECONDS))
            return self._known[0]

    def _asked(self) -> State:
        try:
            self._check(f"ready-{uuid.uuid4()}")
        except AgentError as error:
            return State(ready=False, reason=str(error))
        except Exception as error:
            return State(ready=False, reason=f"The gateway's tools cannot be listed ({type(error).__name__}).")
        return State(ready=True)
