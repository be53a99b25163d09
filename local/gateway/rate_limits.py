"""The deployed rate limits of a gateway, counted in memory.

- all limits must pass; one whose dimensions cannot be resolved for a request, or that has no entry for it, is skipped;
- the most specific entry counts: exact values first, then `*` from the last dimension on; `*` gives each value a
  bucket of its own;
- limits with more dimensions are asked first, then those with the lower rate; the first refusal ends it;
- a rate of 0 blocks.

A bucket of requests holds what the rate allows in its period and fills continuously. AgentCore counts approximately and
lets bursts through at first; here every request counts. A request that one limit refuses uses up none of the others.
Sources: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits-enforcement.html,
gateway-rate-limits-dimensions.html, gateway-rate-limits-metrics.html.
"""

from __future__ import annotations

import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.gateway.configuration import Rate, RateLimitEntry, RateLimitRecord
from local.gateway.targets.interface import TOOL_SEPARATOR

RATE_LIMIT_EXCEEDED = -32003
"""AgentCore's JSON-RPC code for a throttled request; the HTTP status is 429."""

_SECONDS = {"second": 1.0, "minute": 60.0}
_CLAIM = "$.context.jwt."
_ROUNDING = 1e-9

_MOST_BUCKETS = 50_000
"""Buckets kept; beyond, the one that was used longest ago is forgotten. A bucket takes some 500 bytes."""


class ThrottledError(Exception):
    """A request over a limit: the members of AgentCore's answer, `retry_after` in whole seconds."""

    def __init__(self, *, limit_key: str, metric: str, retry_after: int) -> None:
        super().__init__(limit_key)
        self.limit_key = limit_key
        self.metric = metric
        self.retry_after = retry_after


@dataclass
class _Bucket:
    """What is left of a rate at the moment `filled_at`, or how many requests are under way."""

    left: float
    filled_at: float
    under_way: int = 0


@dataclass(frozen=True)
class _Match:
    """A rate that a request has to pass, with the values of the limit's dimensions: what names a bucket."""

    rate_limit_id: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    rate: Rate

    @property
    def per_second(self) -> float:
        return self.rate.rate / _SECONDS[self.rate.period]

    def refused(self, seconds: float) -> ThrottledError:
        named = ",".join(f"{key}={value}" for key, value in zip(self.keys, self.values, strict=True))
        return ThrottledError(
            limit_key=f"{self.rate_limit_id}/{named}",
            metric=self.rate.metric,
            retry_after=max(1, math.ceil(seconds)),
        )


class RateLimits:
    """The limits of one gateway. They can be replaced; a bucket lasts as long as its rate does."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limits: tuple[RateLimitRecord, ...] = ()
        self._entries: dict[str, dict[tuple[str, ...], RateLimitEntry]] = {}
        self._buckets: OrderedDict[_Match, _Bucket] = OrderedDict()

    def replace(self, limits: Sequence[RateLimitRecord]) -> None:
        """Enforce these limits from the next request on."""
        self._limits = tuple(limits)
        self._entries = {limit.rate_limit_id: {entry.values: entry for entry in limit.entries} for limit in limits}
        rates = {
            (limit.rate_limit_id, limit.keys, rate)
            for limit in limits
            for entry in limit.entries
            for rate in entry.rates
        }
        for key in [key for key in self._buckets if (key.rate_limit_id, key.keys, key.rate) not in rates]:
            del self._buckets[key]

    @contextmanager
    def admitted(self, claims: Mapping[str, Any], tool: str | None) -> Iterator[None]:
        """Count a request for as long as the context lasts; raises ThrottledError when a limit refuses it.

        `tool` is the tool (`target___tool`) that it calls, None for any other request.
        """
        matches = self._matches(claims, tool)
        now = self._clock()
        for match in matches:
            self._check(match, now)
        used = [self._bucket(match, now) for match in matches]
        for bucket in used:
            bucket.left -= 1
            bucket.under_way += 1
        try:
            yield
        finally:
            for bucket in used:
                bucket.under_way -= 1

    def _matches(self, claims: Mapping[str, Any], tool: str | None) -> list[_Match]:
        found = []
        for limit in self._limits:
            values = _resolved(limit.keys, claims, tool)
            entry = self._entry(limit, values) if values is not None else None
            if values is not None and entry is not None:
                found += [_Match(limit.rate_limit_id, limit.keys, values, rate) for rate in entry.rates]
        return sorted(found, key=lambda match: (-len(match.keys), match.per_second))

    def _entry(self, limit: RateLimitRecord, values: tuple[str, ...]) -> RateLimitEntry | None:
        entries = self._entries[limit.rate_limit_id]
        for exact in range(len(values), -1, -1):
            pattern = values[:exact] + ("*",) * (len(values) - exact)
            if pattern in entries:
                return entries[pattern]
        return None

    def _check(self, match: _Match, now: float) -> None:
        bucket = self._bucket(match, now)
        if match.rate.metric == "connections":
            if bucket.under_way >= match.rate.rate:
                raise match.refused(1)
        elif bucket.left < 1 - _ROUNDING:
            rate = match.per_second
            raise match.refused((1 - bucket.left) / rate if rate else _SECONDS[match.rate.period])

    def _bucket(self, match: _Match, now: float) -> _Bucket:
        """The bucket with what has flowed in since it was last looked at."""
        # A rate below one a period still lets a single request through, once it has been waited for.
        size = max(match.rate.rate, 1.0) if match.rate.rate else 0.0
        bucket = self._buckets.get(match)
        if bucket is None:
            bucket = self._buckets[match] = _Bucket(left=size, filled_at=now)
            self._forget()
        self._buckets.move_to_end(match)
        bucket.left = min(size, bucket.left + (now - bucket.filled_at) * match.per_second)
        bucket.filled_at = now
        return bucket

    def _forget(self) -> None:
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)


def _resolved(keys: Sequence[str], claims: Mapping[str, Any], tool: str | None) -> tuple[str, ...] | None:
    """The values of a limit's dimensions for a request, None when one of them has none."""
    values = []
    for key in keys:
        value = _dimension(key, claims, tool)
        if value is None:
            return None
        values.append(value)
    return tuple(values)


def _dimension(key: str, claims: Mapping[str, Any], tool: str | None) -> str | None:
    if key == "toolName":
        return tool
    if key == "targetName":
        return tool.split(TOOL_SEPARATOR, 1)[0] if tool is not None and TOOL_SEPARATOR in tool else None
    if key.startswith(_CLAIM):
        value = _claim(claims, key.removeprefix(_CLAIM))
        return value if isinstance(value, str) or value is None else json.dumps(value, separators=(",", ":"))
    return None


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, which may hold dots, or by the path to it."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
