"""How long a call may wait for what it depends on: Lambda must not end it before it is answered and recorded.

A socket's timeout counts from one packet to the next, and several requests follow each other; this bounds all of them
together. What does not answer in time goes on in its own thread, and what it finds out is for later calls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import ContextVar
from typing import Any, TypeVar

SPARE_SECONDS = 2.0
"""How long before Lambda's end nothing is waited for any more."""

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


Found = TypeVar("Found")


def begin(context: Any) -> None:
    """Begin an invocation.

    Args:
        context: Lambda's context, which says when the function is ended
            (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html). Without that nothing is bounded.
    """
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    _ends.set(time.monotonic() + remaining() / 1000 - SPARE_SECONDS if remaining else None)


def left() -> float | None:
    """Seconds that the invocation may still wait, 0 when none; None when nothing bounds it."""
    ends = _ends.get()
    return None if ends is None else max(0.0, ends - time.monotonic())


def within(work: Callable[[], Found], *, most: float = float("inf")) -> Found:
    """What work returns or raises.

    Args:
        work: What may take long.
        most: Seconds that it may take at most, though the invocation could wait longer.

    Raises:
        TimeoutError: It takes longer.
    """
    remaining = left()
    if remaining is None:
        return work()
    seconds = min(remaining, most)
    if not seconds:
        raise TimeoutError
    future: Future[Found] = Future()
    threading.Thread(target=_finish, args=(future, work), daemon=True).start()
    if not wait([future], timeout=seconds).done:
        raise TimeoutError
    return future.result()


def _finish(future: Future[Found], work: Callable[[], Found]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # it is the waiting thread's to handle
        future.set_exception(error)
