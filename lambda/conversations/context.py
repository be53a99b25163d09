"""What every part of the store needs: the table, how long things are kept, limits, and the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conversations.limits import Limits, Retention
from conversations.table import Table


@dataclass(frozen=True, kw_only=True)
class Context:
    """The surroundings of a call; `clock` gives epoch seconds."""

    table: Table
    retention: Retention
    limits: Limits
    clock: Callable[[], float]
