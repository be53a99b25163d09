"""The request interceptor lets nothing through while something that it depends on is missing, down or says no."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway_request import handler as module
from governance import aws, catalogue
from governance.suspensions import RENEW_SECONDS
from tests.unit.gateway_request_support import Gateway, opened, refusal
from tests.unit.governance_support import Clock, call, metrics_of, records, request_event


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Gateway]:
    with opened(monkeypatch, tmp_path, capsys) as gateway:
        yield gateway


@pytest.mark.parametrize("subject", ["acme-corp", "acme-corp/finance-agent"])
def test_a_token_is_no_good_after_its_suspension(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    clock = Clock()
    event = request_event(call())
    monkeypatch.setattr(module._judge().suspensions, "_clock", clock)
    assert "transformedGatewayRequest" in gateway.ask(event)["mcp"]
    gateway.store.suspend(subject)
    clock.now += RENEW_SECONDS + 1
    assert refusal(gateway.ask(event))[0] == 403
    assert gateway.record()["reason"] == "suspended"


def test_another_tenants_suspension_is_not_ones_own(gateway: Gateway) -> None:
    gateway.store.suspend("globex")
    assert "transformedGatewayRequest" in gateway.ask(request_event(call()))["mcp"]


@pytest.mark.parametrize("down", ["provider", "store"])
def test_nothing_passes_while_what_it_depends_on_is_down(gateway: Gateway, down: str) -> None:
    getattr(gateway, down).down = True
    status, _ = refusal(gateway.ask(request_event(call())))
    assert status == 503
    assert gateway.record()["reason"] == {"provider": "keys_unavailable", "store": "suspensions_unavailable"}[down]
    assert metrics_of(gateway.lines) == {"Refused": 1.0, "Unavailable": 1.0}


def test_what_fails_inside_lets_nothing_through_and_quotes_nothing(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: Any) -> None:
        raise ZeroDivisionError("s3cret")

    monkeypatch.setattr(module._judge().suspensions, "check", fails)
    assert refusal(gateway.ask(request_event(call())))[0] == 503
    (line,) = [json.loads(line) for line in gateway.lines.splitlines() if "gateway_request failed" in line]
    assert (line["error"], line["places"].split(":")[0]) == ("ZeroDivisionError", "judge.py")
    assert "s3cret" not in gateway.lines


def required(monkeypatch: pytest.MonkeyPatch, write: Callable[..., Any]) -> None:
    """Ask for acknowledged records, of a CloudWatch Logs that does this with them."""
    monkeypatch.setenv("FOUNDATION_AUDIT", json.dumps({"log_group": "/audit", "required": True, "version": "1.0"}))
    exceptions = SimpleNamespace(ResourceAlreadyExistsException=KeyError)
    client = SimpleNamespace(exceptions=exceptions, create_log_stream=lambda **_: {}, put_log_events=write)
    monkeypatch.setattr(aws, "logs", lambda: client)
    module._judge.cache_clear()


def test_a_required_record_is_written_before_the_call_goes_on_and_not_printed_too(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def write(**named: Any) -> dict[str, Any]:
        written.extend(one["message"] for one in named["logEvents"])
        return {}

    required(monkeypatch, write)
    assert "transformedGatewayRequest" in gateway.ask(request_event(call()))["mcp"]
    assert [record["outcome"] for record in records("\n".join(written))] == ["allowed"]
    assert records(gateway.lines) == []


def test_a_call_that_cannot_be_recorded_as_required_is_refused(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    required(monkeypatch, lambda **_: {"rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 1}})
    assert refusal(gateway.ask(request_event(call())))[0] == 503
    assert metrics_of(gateway.lines) == {"Refused": 1.0, "Unavailable": 1.0, "AuditFailures": 1.0}


@pytest.mark.parametrize(
    "name", ["FOUNDATION_TOKENS", "FOUNDATION_ENVIRONMENT", "FOUNDATION_LIMITS", "FOUNDATION_AUDIT"]
)
def test_a_function_that_is_not_set_up_refuses(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    assert refusal(gateway.ask(request_event(call())))[0] == 503
    assert f"gateway_request cannot start: {name}" in gateway.lines


def test_a_function_without_its_catalogue_refuses(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "FILE", Path("missing.json"))
    assert refusal(gateway.ask(request_event(call())))[0] == 503
