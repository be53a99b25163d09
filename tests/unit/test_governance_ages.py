"""What is kept is old when either clock says so: the monotonic one may stand still while an environment is frozen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from governance.ages import Moment, age
from governance.directory import Directory
from governance.keys import LIFETIME_SECONDS, STALE_SECONDS, KeySource
from governance.refusals import RefusedError
from governance.suspensions import OLDEST_SECONDS, Suspensions
from tests.unit.governance_support import (
    AGENTS,
    DISCOVERY_URL,
    SUSPENDED,
    Clock,
    ParameterStore,
    Provider,
    parameter_store,
)  # fmt: skip

HOUR = 3600.0


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParameterStore]:
    with parameter_store(monkeypatch) as store:
        yield store


@pytest.fixture
def frozen() -> Clock:
    """A monotonic clock that stands still."""
    clock = Clock()
    clock.steady = 50.0
    return clock


@pytest.mark.parametrize(
    ("wall", "steady", "expected"), [(10.0, 0.0, 10.0), (0.0, 10.0, 10.0), (5.0, 7.0, 7.0), (-0.1, 7.0, float("inf"))]
)
def test_the_longer_time_counts_and_a_wall_clock_set_back_counts_as_long(
    wall: float, steady: float, expected: float
) -> None:
    assert age(Moment(100.0, 100.0), Moment(100.0 + wall, 100.0 + steady)) == pytest.approx(expected)
    assert age(None, Moment(0.0, 0.0)) == float("inf")


@pytest.mark.parametrize("passed", [HOUR, -HOUR])
def test_a_suspension_reaches_an_environment_that_was_frozen(
    store: ParameterStore, frozen: Clock, passed: float
) -> None:
    suspensions = Suspensions(SUSPENDED, clock=frozen)
    suspensions.check(tenant_id="acme-corp", agent_id="acme-corp/finance-agent")
    store.suspend("acme-corp")
    frozen.now += passed
    with pytest.raises(RefusedError, match="suspended"):
        suspensions.check(tenant_id="acme-corp", agent_id="acme-corp/finance-agent")


def test_a_list_from_before_the_freeze_is_not_used_when_it_cannot_be_read(store: ParameterStore, frozen: Clock) -> None:
    suspensions = Suspensions(SUSPENDED, clock=frozen)
    suspensions.check(tenant_id="acme-corp", agent_id="acme-corp/finance-agent")
    store.down = True
    frozen.now += OLDEST_SECONDS + 1
    with pytest.raises(RefusedError, match="suspensions_unavailable"):
        suspensions.check(tenant_id="acme-corp", agent_id="acme-corp/finance-agent")


def test_an_entry_that_was_removed_is_gone_after_a_freeze(store: ParameterStore, frozen: Clock) -> None:
    directory = Directory(AGENTS, environment="dev", keep_seconds=300, clock=frozen)
    assert directory.entry("client-1") is not None
    store.values.clear()
    assert directory.entry("client-1") is not None
    frozen.now += 301
    assert directory.entry("client-1") is None


def test_a_key_that_was_withdrawn_is_gone_after_a_freeze(frozen: Clock) -> None:
    provider = Provider()
    keys = KeySource(DISCOVERY_URL, fetch=provider, clock=frozen)
    keys.find("rsa")
    provider.keys = provider.keys[1:]
    frozen.now += LIFETIME_SECONDS + 1
    with pytest.raises(RefusedError, match="token_key"):
        keys.find("rsa")
    provider.down = True
    frozen.now += STALE_SECONDS + 1
    with pytest.raises(RefusedError, match="keys_unavailable"):
        keys.find("ec")
