"""How old what a function keeps is.

While Lambda freezes an environment between calls, its monotonic clock may stand still; the wall clock may be set back.
So neither is trusted to call something young.
"""

from __future__ import annotations

import time
from typing import NamedTuple


class Moment(NamedTuple):
    """A moment by both clocks, in seconds: since 1970, and since some start."""

    wall: float
    steady: float


def now() -> Moment:
    """The present moment."""
    return Moment(time.time(), time.monotonic())


def age(since: Moment | None, at: Moment) -> float:
    """Seconds from one moment to another: the longer of what the clocks say.

    Args:
        since: The earlier moment; None when there was none.
        at: The later one.

    Returns:
        The seconds; infinite without an earlier moment, or when the wall clock ran backwards, for then nobody knows.
    """
    if since is None or at.wall < since.wall:
        return float("inf")
    return max(at.wall - since.wall, at.steady - since.steady)
