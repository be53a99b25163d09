"""A call is answered and recorded before Lambda ends the function; and nobody is asked again in step with others."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway_request import handler as module
from governance import aws, patience
from governance.refusals import RefusedError
from governance.suspensions import FIRST_TRIES, FLOOR_SECONDS, RENEW_SECONDS, Suspensions
from tests.unit.gateway_request_support import Gateway, opened, refusal
from tests.unit.governance_support import (
    DISCOVERY_URL,
    ISSUER,
    JWKS_URL,
    SUSPENDED,
    Clock,
    ParameterStore,
    call,
    parameter_store,
    request_event,
)  # fmt: skip


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Gateway]:
    with opened(monkeypatch, tmp_path, capsys) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def unbounded() -> Iterator[None]:
    yield
    patience.begin(None)


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What does not happen before the test is over."""
    event = threading.Event()
    yield event
    event.set()


def context(seconds: float) -> Any:
    """A context of Lambda whose call may wait so many seconds."""
    milliseconds = (seconds + patience.SPARE_SECONDS) * 1000
    return SimpleNamespace(client_context=None, get_remaining_time_in_millis=lambda: milliseconds)


@pytest.mark.parametrize(
    ("silent", "reason"),
    [
        ("discovery", "keys_unavailable"),
        ("keys", "keys_unavailable"),
        ("suspensions", "suspensions_unavailable"),
        ("audit", "audit_unavailable"),
    ],
)
def test_what_does_not_answer_ends_in_a_recorded_503(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, never: threading.Event, silent: str, reason: str
) -> None:
    def silence(*_: Any, **__: Any) -> Any:
        never.wait(30)
        raise OSError("too late")

    audit = {"log_group": "/audit", "required": silent == "audit", "version": "1.0"}
    monkeypatch.setenv("FOUNDATION_AUDIT", json.dumps(audit))
    logs = SimpleNamespace(
        exceptions=SimpleNamespace(ResourceAlreadyExistsException=ValueError),
        create_log_stream=lambda **_: None,
        put_log_events=silence,
    )
    monkeypatch.setattr(aws, "logs", lambda: logs)
    documents = {"discovery": DISCOVERY_URL, "keys": JWKS_URL}
    source = module._judge().tokens._keys
    provider = source._fetch
    monkeypatch.setattr(source, "_fetch", lambda url: silence() if url == documents.get(silent) else provider(url))
    if silent == "suspensions":
        monkeypatch.setattr(gateway.store, "get_parameters_by_path", silence)
    begin = time.monotonic()
    answer = module.handler(request_event(call()), context(0.5))
    assert time.monotonic() - begin < 0.5 + patience.SPARE_SECONDS - 1.5 + 1.0
    gateway.lines = gateway.printed()
    status, error = refusal(answer)
    assert (status, error["data"]["reason"]) == (503, reason)
    assert (gateway.record()["outcome"], gateway.record()["reason"]) == ("refused", reason)
    assert ISSUER not in json.dumps(error)


def test_what_answers_in_time_is_passed_on_as_it_is() -> None:
    patience.begin(context(5))
    assert patience.within(lambda: 7) == 7
    with pytest.raises(RefusedError, match="internal"):
        patience.within(lambda: (_ for _ in ()).throw(RefusedError("internal")))
    patience.begin(context(0))
    with pytest.raises(TimeoutError):
        patience.within(lambda: 7)
    patience.begin(object())
    assert patience.left() is None
    assert patience.within(lambda: 7) == 7


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParameterStore]:
    with parameter_store(monkeypatch) as store:
        yield store


def check(suspensions: Suspensions) -> None:
    suspensions.check(tenant_id="acme-corp", agent_id="acme-corp/finance-agent")


def test_a_new_environment_tries_again_before_it_refuses(store: ParameterStore) -> None:
    patience.begin(context(30))
    store.down = True
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        store.down = len(waited) < FIRST_TRIES - 1

    check(Suspensions(SUSPENDED, sleep=sleep))
    assert len(waited) == FIRST_TRIES - 1
    assert waited[0] < waited[1]


def test_it_does_not_wait_longer_than_the_call_may(store: ParameterStore) -> None:
    store.down = True
    waited: list[float] = []
    patience.begin(context(0.05))
    with pytest.raises(RefusedError, match="suspensions_unavailable"):
        check(Suspensions(SUSPENDED, sleep=waited.append))
    assert not waited


def pauses(store: ParameterStore) -> list[float]:
    """After how many seconds each failed reading is repeated."""
    clock = Clock()
    store.down, store.asked = True, 0
    suspensions = Suspensions(SUSPENDED, clock=clock)
    found: list[float] = []
    since, asked = clock.now, 0
    while len(found) < 8:
        with pytest.raises(RefusedError, match="suspensions_unavailable"):
            check(suspensions)
        if store.asked > asked:
            found.append(clock.now - since)
            since, asked = clock.now, store.asked
        clock.now += 0.25
    return found[1:]


def test_failures_are_repeated_ever_later_and_not_in_step(store: ParameterStore) -> None:
    found = pauses(store)
    assert found[0] <= FLOOR_SECONDS + 0.25
    assert all(RENEW_SECONDS / 2 <= pause <= RENEW_SECONDS + 0.25 for pause in found[-3:])
    assert len({tuple(pauses(store)) for _ in range(5)}) > 1
