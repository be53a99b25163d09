"""How long to wait before a request is sent again."""

from __future__ import annotations

import datetime
import email.utils
import random
from dataclasses import dataclass

TRANSIENT = frozenset({429, 500, 502, 503, 504})
"""HTTP statuses after which the same request may succeed (RFC 9110 §15.5, §15.6; RFC 6585 §4)."""


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Exponential backoff with full jitter, in seconds.

    Callers that failed together do not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

    Attributes:
        attempts: How often a request is sent at most, the first time included.
        first: The longest wait before the second attempt; it doubles from there.
        longest: No wait is longer, whatever a server asks for.
    """

    attempts: int = 4
    first: float = 0.25
    longest: float = 8.0

    def seconds(self, attempt: int, *, asked: float | None = None) -> float | None:
        """How long to wait after an attempt that failed; None when there is to be no other.

        Args:
            attempt: The attempt that failed, from 1.
            asked: How long the server asked to wait, if it did. A wait beyond `longest` is not made shorter, which
                would only be refused again: there is no other attempt then.
        """
        if attempt >= self.attempts or (asked is not None and asked > self.longest):
            return None
        jitter = random.uniform(0, min(self.longest, self.first * 2 ** (attempt - 1)))  # noqa: S311 - no secret
        return jitter if asked is None else max(asked, jitter)


def retry_after(value: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks for (RFC 9110 §10.2.3); None without one that can be read."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:  # "-0000": the time is UTC, the sender's zone unknown (RFC 5322 §3.3)
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())


def retry_after_of(data: object) -> float | None:
    """The seconds that the `data` of a JSON-RPC error asks for; None without a number that can be one.

    https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits-enforcement.html
    """
    asked = data.get("retryAfter") if isinstance(data, dict) else None
    return float(asked) if isinstance(asked, int | float) and asked >= 0 else None
