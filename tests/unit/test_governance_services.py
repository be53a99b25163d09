"""Suspensions, records, ids, headers and settings: what they do as time passes and services fail."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from governance import aws
from governance.audit import Acknowledged
from governance.events import Ids, lower_headers, started_at
from governance.settings import AuditSettings, Limits, Redaction, SettingsError, TokenSettings
from governance.suspensions import OLDEST_SECONDS, RENEW_SECONDS, Suspensions
from tests.unit.governance_support import (
    SUSPENDED,
    Clock,
    ParameterStore,
    parameter_store,
    refused,
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParameterStore]:
    with parameter_store(monkeypatch) as store:
        yield store


def check(suspensions: Suspensions) -> None:
    suspensions.check(tenant_id="acme-corp", agent_id="acme-corp/finance-agent")


def test_a_suspension_works_within_a_few_seconds_and_so_does_its_end(store: ParameterStore, clock: Clock) -> None:
    suspensions = Suspensions(SUSPENDED, clock=clock)
    check(suspensions)
    store.suspend("acme-corp")
    clock.now += RENEW_SECONDS + 0.1
    assert refused(check, suspensions) == "suspended"
    store.values.clear()
    clock.now += RENEW_SECONDS + 0.1
    check(suspensions)


def test_the_list_is_read_once_for_many_calls(store: ParameterStore, clock: Clock) -> None:
    suspensions = Suspensions(SUSPENDED, clock=clock)
    for _ in range(100):
        check(suspensions)
    assert store.asked == 1


def test_an_old_list_is_used_for_a_minute_and_then_nothing_passes(store: ParameterStore, clock: Clock) -> None:
    suspensions = Suspensions(SUSPENDED, clock=clock)
    check(suspensions)
    store.down = True
    clock.now += OLDEST_SECONDS
    check(suspensions)
    clock.now += 0.1
    assert refused(check, suspensions) == "suspensions_unavailable"
    store.down = False
    clock.now += 3
    check(suspensions)


def test_without_a_list_nothing_passes_and_it_is_not_asked_for_at_every_call(
    store: ParameterStore, clock: Clock
) -> None:
    store.down = True
    suspensions = Suspensions(SUSPENDED, clock=clock)
    for _ in range(20):
        assert refused(check, suspensions) == "suspensions_unavailable"
    assert store.asked == 1


def test_a_long_list_is_read_to_its_end(store: ParameterStore, clock: Clock) -> None:
    for number in range(25):
        store.suspend(f"another-{number}")
    store.suspend("zz-last")
    store.values = {**store.values, f"{SUSPENDED}/by-command/zzz": json.dumps({"subject": "acme-corp"})}
    assert refused(check, Suspensions(SUSPENDED, clock=clock)) == "suspended"


@pytest.mark.parametrize("value", ["", "{", "[]", "null", '{"subject": 1}', '{"subject": "globex"}', "{}"])
def test_the_name_of_a_parameter_suspends_whatever_its_value_says(
    store: ParameterStore, clock: Clock, value: str
) -> None:
    store.values[f"{SUSPENDED}/by-command/acme-corp"] = value
    assert refused(check, Suspensions(SUSPENDED, clock=clock)) == "suspended"


@mock_aws
def test_a_required_record_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    aws.logs.cache_clear()
    client = boto3.client("logs", "us-east-1")
    client.create_log_group(logGroupName="/audit")
    write = Acknowledged("/audit", "stream")
    for line in ("one", "two"):
        write(line)
    found = client.get_log_events(logGroupName="/audit", logStreamName="stream")["events"]
    assert [event["message"] for event in found] == ["one", "two"]
    assert refused(Acknowledged("/missing", "stream"), "line") == "audit_unavailable"
    aws.logs.cache_clear()


def test_a_record_that_is_not_taken_stops_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    class ExistsError(Exception):
        pass

    def put(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="logs")

    client = SimpleNamespace(
        exceptions=SimpleNamespace(ResourceAlreadyExistsException=ExistsError),
        create_log_stream=lambda **_: None,
        put_log_events=lambda **_: {"rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 1}},
    )
    monkeypatch.setattr(aws, "logs", lambda: client)
    assert refused(Acknowledged("/audit", "stream"), "line") == "audit_unavailable"
    client.put_log_events = put
    assert refused(Acknowledged("/audit", "stream"), "line") == "audit_unavailable"


def test_ids_are_of_their_moment_and_never_the_same() -> None:
    found = [Ids.new({}).request_id for _ in range(100)]
    assert len(set(found)) == 100
    assert all(abs((started_at(one) or 0) - time.time()) < 5 for one in found)
    assert [started_at(other) for other in (None, 7, "", "x", "6f3a8f0e-7f3d-4c8e-9b1a-0d8e6f3a8f0e")] == [None] * 5


@pytest.mark.parametrize(
    ("headers", "reason"),
    [([], "event"), ({"A": 1}, "event"), ({1: "a"}, "event"), ({"A": "1", "a": "2"}, "header_mismatch")],
)
def test_headers_that_could_be_read_two_ways_are_refused(headers: Any, reason: str) -> None:
    assert refused(lower_headers, headers) == reason


@pytest.mark.parametrize(
    ("name", "value", "read", "sentence"),
    [
        ("FOUNDATION_TOKENS", "", TokenSettings, "FOUNDATION_TOKENS is not set"),
        ("FOUNDATION_TOKENS", "[]", TokenSettings, "FOUNDATION_TOKENS is no JSON object"),
        ("FOUNDATION_TOKENS", '{"discovery_url": "http://a"}', TokenSettings, "discovery_url is 'http://a'; give"),
        ("FOUNDATION_TOKENS", '{"discovery_url": "https://a", "claims": {}}', TokenSettings, "no claim for tenant_id"),
        ("FOUNDATION_AUDIT", '{"required": "yes"}', AuditSettings, "required is 'yes'; write true or false"),
        ("FOUNDATION_LIMITS", '{"body_bytes": 0, "depth": 3}', Limits, "has no body_bytes and depth above zero"),
        ("FOUNDATION_REDACTION", '{"confidential": "secrets"}', Redaction, "is no object of lists"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: Any, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence):
        read.from_environment()
