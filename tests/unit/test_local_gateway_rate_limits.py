"""How the local gateway counts: which entry applies to a request, when it is refused, when it may come again."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from local.gateway.configuration import Rate, RateLimitEntry, RateLimitRecord
from local.gateway.rate_limits import _MOST_BUCKETS, RateLimits, ThrottledError

TENANT = "$.context.jwt.tenant_id"
TOOL = "t___a"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def _limit(keys: str, *entries: tuple[str, float], period: Any = "minute", metric: Any = "requests") -> RateLimitRecord:
    """A limit named after its keys; an entry's values and the keys are separated by spaces."""
    return RateLimitRecord(
        rate_limit_id=f"by-{len(keys.split())}-{keys.rsplit(maxsplit=1)[-1].rpartition('.')[2]}",
        keys=tuple(keys.split()),
        entries=tuple(
            RateLimitEntry(values=tuple(values.split()), rates=(Rate(metric=metric, rate=rate, period=period),))
            for values, rate in entries
        ),
    )


def _limits(*records: RateLimitRecord) -> tuple[RateLimits, Clock]:
    clock = Clock()
    limits = RateLimits(clock=clock)
    limits.replace(records)
    return limits, clock


def _allowed(limits: RateLimits, times: int, *, tenant: str | None = "acme", tool: str | None = TOOL) -> int:
    """How many of so many requests pass."""
    passed = 0
    for _ in range(times):
        try:
            with limits.admitted({"tenant_id": tenant}, tool):
                passed += 1
        except ThrottledError:
            pass
    return passed


def _refusal(limits: RateLimits, claims: dict[str, Any], tool: str | None = TOOL) -> ThrottledError:
    with pytest.raises(ThrottledError) as refused, limits.admitted(claims, tool):
        pass
    return refused.value


@pytest.mark.parametrize(
    ("rate", "period", "burst", "wait", "then"),
    [
        (3, "second", 3, 1.0, 3),
        (60, "minute", 60, 1.0, 1),
        (60, "minute", 60, 60.0, 60),
        (0.5, "second", 1, 2.0, 1),
        (1, "minute", 1, 59.0, 0),
        (1, "minute", 1, 60.0, 1),
        (0, "second", 0, 1000.0, 0),
        (0, "minute", 0, 1000.0, 0),
    ],
)
def test_a_bucket_holds_the_rate_and_fills_again(rate: float, period: str, burst: int, wait: float, then: int) -> None:
    limits, clock = _limits(_limit("toolName", ("*", rate), period=period))
    assert _allowed(limits, 100) == burst
    clock.now += wait
    assert _allowed(limits, 100) == then


def test_the_refusal_says_which_limit_and_when_to_come_again() -> None:
    limits, clock = _limits(_limit(f"toolName {TENANT}", ("t___a *", 2)))
    assert _allowed(limits, 3) == 2
    refused = _refusal(limits, {"tenant_id": "acme"})
    assert (refused.limit_key, refused.metric, refused.retry_after) == (
        f"by-2-tenant_id/toolName=t___a,{TENANT}=acme",
        "requests",
        30,
    )
    clock.now += refused.retry_after
    assert _allowed(limits, 2) == 1


def test_a_blocked_caller_is_told_to_wait_a_period() -> None:
    limits, _ = _limits(_limit(TENANT, ("acme", 0), ("*", 100)))
    assert _refusal(limits, {"tenant_id": "acme"}).retry_after == 60
    assert _allowed(limits, 5, tenant="other") == 5


@pytest.mark.parametrize(
    ("tenant", "tool", "passes"),
    [
        ("acme", "t___a", 1),
        ("other", "t___a", 2),
        ("acme", "t___b", 3),
        ("other", "u___c", 4),
    ],
)
def test_the_most_specific_entry_counts(tenant: str, tool: str, passes: int) -> None:
    entries = [("t t___a acme", 1.0), ("t t___a *", 2.0), ("t * *", 3.0), ("* * *", 4.0)]
    limits, _ = _limits(_limit(f"targetName toolName {TENANT}", *entries))
    assert _allowed(limits, 10, tenant=tenant, tool=tool) == passes


def test_a_star_gives_every_value_a_bucket_of_its_own() -> None:
    limits, _ = _limits(_limit(TENANT, ("*", 2)))
    assert [_allowed(limits, 5, tenant=tenant) for tenant in ("acme", "other", "acme")] == [2, 2, 0]


@pytest.mark.parametrize(
    ("keys", "claims", "tool"),
    [
        ("toolName", {}, None),
        ("targetName", {}, None),
        ("targetName", {}, "x_amz_bedrock_agentcore_search"),
        (TENANT, {}, TOOL),
        (TENANT, {"tenant_id": None}, TOOL),
        ("$.context.jwt.a.b", {"a": "b"}, TOOL),
        ("$.context.iam.principal", {"sub": "x"}, TOOL),
        ("qualifiedModelId", {}, TOOL),
        (f"toolName {TENANT}", {"tenant_id": "acme"}, None),
    ],
)
def test_a_limit_whose_dimension_has_no_value_is_skipped(keys: str, claims: dict[str, Any], tool: str | None) -> None:
    limits, _ = _limits(_limit(keys, (" ".join("*" for _ in keys.split()), 0)))
    with limits.admitted(claims, tool):
        pass


def test_a_limit_without_an_entry_for_the_request_is_skipped() -> None:
    limits, _ = _limits(_limit(TENANT, ("other", 0)))
    assert _allowed(limits, 3) == 3


@pytest.mark.parametrize(
    ("key", "claims", "value"),
    [
        ("$.context.jwt.tenant_id", {"tenant_id": "acme"}, "acme"),
        ("$.context.jwt.level", {"level": 3}, "3"),
        ("$.context.jwt.internal", {"internal": True}, "true"),
        ("$.context.jwt.groups", {"groups": ["a", "b"]}, '["a","b"]'),
        ("$.context.jwt.a.b", {"a": {"b": "deep"}}, "deep"),
        ("$.context.jwt.a.b", {"a.b": "flat", "a": {"b": "deep"}}, "flat"),
    ],
)
def test_a_claim_is_found_by_its_name_or_path(key: str, claims: dict[str, Any], value: str) -> None:
    limits, _ = _limits(_limit(key, (value, 0)))
    assert _refusal(limits, claims).limit_key.endswith(f"/{key}={value}")


def test_more_dimensions_are_asked_first_and_then_the_lower_rate() -> None:
    wide, low, high = _limit(f"toolName {TENANT}", ("* *", 0)), _limit("toolName", ("*", 0)), _limit(TENANT, ("*", 0))
    slow = _limit("toolName", ("*", 30), period="minute")
    fast = _limit(TENANT, ("*", 1), period="second")
    assert _refusal(_limits(low, high, wide)[0], {"tenant_id": "acme"}).limit_key.startswith("by-2-")
    limits, _ = _limits(fast, slow)
    assert _allowed(limits, 31) == 1
    assert _refusal(limits, {"tenant_id": "acme"}).limit_key.startswith("by-1-tenant_id/")


def test_what_one_limit_refuses_uses_up_none_of_the_others() -> None:
    limits, _ = _limits(_limit("toolName", ("t___a", 1), ("*", 100)), _limit(TENANT, ("*", 5)))
    assert _allowed(limits, 50) == 1
    assert _allowed(limits, 50, tool="t___b") == 4


def test_connections_are_those_under_way() -> None:
    limits, _ = _limits(_limit(TENANT, ("*", 2), period="second", metric="connections"))
    with ExitStack() as stack:
        stack.enter_context(limits.admitted({"tenant_id": "acme"}, TOOL))
        stack.enter_context(limits.admitted({"tenant_id": "acme"}, TOOL))
        refused = _refusal(limits, {"tenant_id": "acme"})
        assert (refused.metric, refused.retry_after) == ("connections", 1)
        assert _allowed(limits, 3, tenant="other") == 3
    assert _allowed(limits, 10) == 10


def test_a_failed_request_is_no_longer_under_way() -> None:
    limits, _ = _limits(_limit(TENANT, ("*", 1), period="second", metric="connections"))
    with pytest.raises(ValueError, match="broken"), limits.admitted({"tenant_id": "acme"}, TOOL):
        raise ValueError("broken")
    assert _allowed(limits, 3) == 3


def test_a_bucket_lasts_as_long_as_its_rate() -> None:
    first, other = _limit(TENANT, ("*", 2)), _limit("toolName", ("*", 50))
    limits, _ = _limits(first, other)
    assert _allowed(limits, 5) == 2
    limits.replace([first, _limit("toolName", ("*", 60))])
    assert _allowed(limits, 5) == 0
    limits.replace([_limit(TENANT, ("*", 3))])
    assert _allowed(limits, 5) == 3
    limits.replace([])
    assert _allowed(limits, 5) == 5
    assert limits._buckets == {}


def test_buckets_do_not_grow_without_end() -> None:
    limits, _ = _limits(_limit(TENANT, ("*", 1)))
    for number in range(_MOST_BUCKETS + 10):
        with limits.admitted({"tenant_id": str(number)}, None):
            pass
    assert len(limits._buckets) == _MOST_BUCKETS
    assert _allowed(limits, 1, tenant=str(_MOST_BUCKETS + 9)) == 0
