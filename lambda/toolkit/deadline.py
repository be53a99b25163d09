"""Ends a call shortly before Lambda would, while a sentence can still be sent.

A timer interrupts whatever the call waits for: a slow region, a retry's pause, a long loop. Lambda calls a handler in
the process' main thread, which is the only one that a signal's handler can stop; elsewhere there is no timer.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from toolkit.errors import ToolError
from toolkit.invocation import LambdaContext

RESERVE_SECONDS = 0.75
"""Left of the function's time to write the log record and send the answer."""


class _OutOfTime(BaseException):
    """Not an Exception, so that nothing on its way takes it for a broken connection and tries again."""


@contextmanager
def deadline(context: LambdaContext) -> Iterator[None]:
    """Stop the work inside when the function's time is nearly over.

    Args:
        context: Lambda's, which knows the time left.

    Raises:
        ToolError: The time was over.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seconds = max(context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS, 0.01)
    before = signal.signal(signal.SIGALRM, _stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:  # inside, since the timer may end right before it is stopped
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _OutOfTime:
        raise ToolError(
            f"AWS had not answered after {seconds:.0f} seconds, when the tool's time was over; ask for less (a smaller "
            "page_size, a narrower filter or time range), or try again",
            code="out_of_time",
        ) from None
    finally:
        signal.signal(signal.SIGALRM, before)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _OutOfTime
