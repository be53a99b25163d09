"""A token says what the directory says of its client; whoever the directory does not vouch for gets none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from governance import aws
from tests.unit.governance_support import (
    AGENTS,
    ENTRY,
    ENVIRONMENT,
    SUSPENDED,
    Clock,
    ParameterStore,
    metrics_of,
    parameter_store,
)
from token_claims import handler as module


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParameterStore]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    _forget()
    with parameter_store(monkeypatch) as store:
        yield store
    _forget()


def _forget() -> None:
    module._directory.cache_clear()
    module._suspensions.cache_clear()


def event(client_id: Any = "client-1", *, source: str = module.SOURCE) -> dict[str, Any]:
    """As the developer guide shows a V3_0 event."""
    return {
        "version": "3",
        "triggerSource": source,
        "region": "us-east-1",
        "userPoolId": "us-east-1_EXAMPLE",
        "userName": "ClientCredentials",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
        "request": {"userAttributes": {}, "groupConfiguration": {}, "scopes": ["aws-operations/read"]},
        "response": {"claimsAndScopeOverrideDetails": None},
    }


def refused(given: Any = None) -> str:
    with pytest.raises(module.ClaimsRefusedError) as error:
        module.handler(event() if given is None else given, None)
    return str(error.value)


def put(store: ParameterStore, **changes: Any) -> None:
    store.values[f"{AGENTS}/client-1"] = json.dumps({**ENTRY, **changes})


def test_the_claims_are_the_directorys_and_nothing_else_changes(store: ParameterStore) -> None:
    answer = module.handler(event(), None)
    claims = answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]
    assert claims == {"claimsToAddOrOverride": {name: ENTRY[name] for name in ENTRY if name != "suspended"}}
    assert {**answer, "response": None} == {**event(), "response": None}


def test_its_latency_is_a_metric(store: ParameterStore, capsys: pytest.CaptureFixture[str]) -> None:
    module.handler(event(), None)
    refused(event("nobody"))
    found = metrics_of(capsys.readouterr().out)
    assert found["TokensRefused"] == 1
    assert found["TokenClaimsLatency"] > 0


@pytest.mark.parametrize(
    "client_id",
    ["nobody", "", "../client-1", "client-1/", "a" * 129, None, 7, "client-1\n", "CLIENT_ID_NOT_APPLICABLE"],
)
def test_a_client_that_nobody_registered_gets_no_token(store: ParameterStore, client_id: Any) -> None:
    assert refused(event(client_id)) == "claims_missing"


@pytest.mark.parametrize(
    "source",
    [
        "TokenGeneration_HostedAuth",
        "TokenGeneration_Authentication",
        "TokenGeneration_RefreshTokens",
        "",
        "tokengeneration",
    ],
)
def test_a_token_of_another_kind_is_not_made(store: ParameterStore, source: str) -> None:
    assert refused(event(source=source)) == "event"


@pytest.mark.parametrize("given", [{}, [], "event", {"triggerSource": module.SOURCE, "callerContext": None}])
def test_an_event_of_another_shape_gets_no_token(store: ParameterStore, given: Any) -> None:
    assert refused(given) in ("event", "claims_missing")


@pytest.mark.parametrize("subject", ["acme-corp", "acme-corp/finance-agent"])
@pytest.mark.parametrize("by", ["setting", "command"])
def test_who_is_suspended_gets_no_token(store: ParameterStore, subject: str, by: str) -> None:
    store.suspend(subject, by=by)
    assert refused() == "suspended"


@pytest.mark.parametrize("subject", ["acme", "acme-corp/other", "globex", "globex/finance-agent"])
def test_a_suspension_is_whose_it_is(store: ParameterStore, subject: str) -> None:
    store.suspend(subject)
    assert module.handler(event(), None)


def test_an_entry_can_suspend_its_agent(store: ParameterStore) -> None:
    put(store, suspended=True)
    assert refused() == "suspended"


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "prod"}, {"tenant_id": "globex"}, {"agent_id": "finance-agent"}, {"agent_id": "acme-corp/"},
        {"agent_id": "acme-corp/a/b"}, {"groups": "admin"}, {"groups": [1]}, {"permissions": None},
        {"organization_id": ""}, {"agent_type": None}, {"suspended": "false"}, {"suspended": None}, {"more": 1},
        {"agent_version": 1.0}, {"agent_type": "a\r\nb"}, {"tenant_id": "Acme"},
    ],
)  # fmt: skip
def test_a_malformed_entry_gives_no_token(store: ParameterStore, changes: dict[str, Any]) -> None:
    put(store, **changes)
    assert refused() == "malformed_entry"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", json.dumps({"tenant_id": "acme-corp"})])
def test_an_entry_that_is_none_gives_no_token(store: ParameterStore, text: str) -> None:
    store.values[f"{AGENTS}/client-1"] = text
    assert refused() == "malformed_entry"


def test_no_token_while_the_directory_does_not_answer(store: ParameterStore) -> None:
    store.down = True
    assert refused() == "directory_unavailable"


def test_no_token_while_suspensions_cannot_be_read(store: ParameterStore, monkeypatch: pytest.MonkeyPatch) -> None:
    module._directory().entry("client-1")
    store.down = True
    assert refused() == "suspensions_unavailable"


def test_no_token_when_something_else_fails(store: ParameterStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "get_parameter", lambda **_: 1 / 0)
    assert refused() == "internal"


def test_a_change_of_the_directory_reaches_new_tokens_within_half_a_minute(
    store: ParameterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module._directory(), "_clock", clock)
    module.handler(event(), None)
    put(store, suspended=True)
    assert module.handler(event(), None)
    clock.now += module.KEEP_SECONDS + 1
    assert refused() == "suspended"


def test_the_log_says_why_with_the_client(store: ParameterStore, caplog: pytest.LogCaptureFixture) -> None:
    refused(event("nobody"))
    (record,) = caplog.records
    assert (vars(record)["client_id"], vars(record)["reason"]) == ("nobody", "claims_missing")


@mock_aws
def test_it_reads_what_parameter_store_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ENVIRONMENT, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    _forget()
    aws.ssm.cache_clear()
    client = boto3.client("ssm", "us-east-1")
    client.put_parameter(Name=f"{AGENTS}/client-1", Value=json.dumps(ENTRY), Type="String")
    for number in range(12):
        subject = f"tenant-{number}"
        client.put_parameter(
            Name=f"{SUSPENDED}/by-command/{subject}", Value=json.dumps({"subject": subject}), Type="String"
        )
    assert module.handler(event(), None)
    assert refused(event("nobody")) == "claims_missing"
    assert len(module._suspensions()._subjects) == 12
    _forget()
    aws.ssm.cache_clear()
