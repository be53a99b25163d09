"""When a request is sent again, and after how long: exponential backoff with full jitter.

Follows the AWS Builders' Library (Timeouts, retries, and backoff with jitter): the delay before attempt n is drawn
between nothing and `base` doubled n times, so that many clients do not return together.

A twin of `gateway_agent/retries.py` in the kit's `lambda/`: the client is a distribution of its own, which people
install without the kit, and that one is bundled into functions without the client.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
"""Throttled by Lambda or the service, or failed there."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often and how long a command tries. Times in seconds."""

    attempts: int = 5
    """Of one request, the first included."""
    base: float = 0.5
    cap: float = 20.0
    longest_retry_after: float = 60.0
    """A service that asks for more than this is not waited for."""
    running: float = 900.0
    """How long an answer that is still being made is waited for: as long as a Lambda function may run."""
    sleep: Callable[[float], None] = field(default=time.sleep)
    uniform: Callable[[float, float], float] = field(default=random.uniform)
    now: Callable[[], float] = field(default=time.monotonic)

    def delay(self, failures: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after so many failures in a row; None to give up.

        `retry_after` is what the service asked for. The jitter comes on top of it, since all that were refused
        together were told the same.
        """
        if failures >= self.attempts or (retry_after or 0) > self.longest_retry_after:
            return None
        return (retry_after or 0.0) + self.uniform(0, min(self.cap, self.base * 2**failures))


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float | None:
    """What a Retry-After header asks for (RFC 9110 section 10.2.3: seconds or a date); None without a valid one."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
