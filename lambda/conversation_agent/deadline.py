"""How long an answer may take: the function's own time counts, less what storing it needs.

The Lambda Web Adapter hands the invocation's context on as the header `x-amzn-lambda-context`, with `deadline` in
milliseconds since 1970 (https://aws.github.io/aws-lambda-web-adapter/features/request-context.html). Like the request's
context it replaces what a caller sent; without one, as outside of Lambda, the setting alone counts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

CONTEXT_HEADER = "x-amzn-lambda-context"


def seconds_left(contexts: Sequence[str], *, turn_seconds: float, reserve_seconds: float) -> float:
    """Seconds that an answer may take from now on; none or less when there is no time for one.

    Args:
        contexts: the values of all headers `x-amzn-lambda-context`.
        turn_seconds: the most, by the settings.
        reserve_seconds: how long before the deadline the answer is to end.
    """
    deadlines = [deadline for text in contexts if (deadline := _deadline(text)) is not None]
    return min([turn_seconds, *(deadline / 1000 - time.time() - reserve_seconds for deadline in deadlines)])


def _deadline(text: str) -> float | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    value = found.get("deadline") if isinstance(found, dict) else None
    return float(value) if isinstance(value, int | float) else None
