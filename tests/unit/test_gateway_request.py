"""The request interceptor refuses every attack with the right status and a record, and lets honest calls through."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.events import started_at
from tests.unit.gateway_attacks import ATTACKS, TOKEN_ATTACKS, method, signed, with_arguments
from tests.unit.gateway_request_support import Gateway, opened, refusal
from tests.unit.governance_support import EC, ENTRY, ONLY_RS256, call, metrics_of, request_event, token


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Gateway]:
    with opened(monkeypatch, tmp_path, capsys) as gateway:
        yield gateway


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_and_recorded(gateway: Gateway, attack: str) -> None:
    event, status, reason = ATTACKS[attack]
    found, error = refusal(gateway.ask(event))
    record = gateway.record()
    assert (found, record["reason"]) == (status, reason)
    assert (record["outcome"], record["phase"]) == ("refused", "request")
    assert record["response_context"]["status_code"] == status
    assert error["data"]["request_id"] == record["request_id"]
    assert "eyJ" not in gateway.lines
    assert "globex" not in json.dumps(error)
    assert metrics_of(gateway.lines) == {"Refused": 1.0}


@pytest.mark.parametrize("attack", TOKEN_ATTACKS)
def test_a_forger_learns_nothing_of_what_to_change(gateway: Gateway, attack: str) -> None:
    event, status, _ = TOKEN_ATTACKS[attack]
    answer = gateway.ask(event)
    error = "invalid_token" if status == 401 else "insufficient_scope"
    assert refusal(answer)[1]["data"]["reason"] == error
    headers = answer["mcp"]["transformedGatewayResponse"]["headers"]
    assert headers["WWW-Authenticate"] == f'Bearer error="{error}"'


HONEST: dict[str, dict[str, Any]] = {
    "a call": request_event(call()),
    "an id that is a text": request_event(call(id="call-1")),
    "no arguments": request_event(call(params={"name": "aws-operations-v1___get_time"})),
    "its own tenant in the arguments": request_event(call(arguments={"tenant_id": "acme-corp", "tenant": None})),
    "an escaped replacement character": with_arguments('{"a":"\\ufffd"}'),
    "a whole surrogate pair": with_arguments('{"a":"\\ud83d\\ude00"}'),
    "the gateway's search": request_event(call("x_amz_bedrock_agentcore_search", {"query": "time"})),
    "initialize": method("initialize", protocolVersion="2025-11-25", capabilities={}),
    "ping": method("ping"),
    "server/discover": method("server/discover"),
    "tools/list": method("tools/list"),
    "a notification": request_event({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    "headers that agree": request_event(
        call(), headers={"Mcp-Method": "tools/call", "MCP-Name": "aws-operations-v1___get_time"}
    ),
    "a name in base64": request_event(
        call(), headers={"Mcp-Name": "=?base64?YXdzLW9wZXJhdGlvbnMtdjFfX19nZXRfdGltZQ==?="}
    ),
    "an elliptic key": signed(key=EC),
    "PS256": signed(header={"alg": "PS256"}),
    "a key for one algorithm": signed(key=ONLY_RS256),
    "scopes as a list": signed(scope=["aws-operations/read"]),
    "groups as a JSON text": signed(groups='["admin"]'),
    "lower-case headers": request_event(call(), bearer=None, headers={"authorization": f"bearer {token()}"}),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_call_goes_on_as_it_came(gateway: Gateway, name: str) -> None:
    event = HONEST[name]
    output = gateway.ask(event)["mcp"]
    assert output.keys() == {"transformedGatewayRequest"}
    assert output["transformedGatewayRequest"]["body"] == json.loads(event["mcp"]["rawGatewayRequest"]["body"])
    assert gateway.record()["outcome"] == "allowed"
    assert metrics_of(gateway.lines) == {}


def test_the_context_is_the_tokens_whatever_the_caller_writes(gateway: Gateway) -> None:
    forged = {
        "X-Tenant-ID": "globex", "x-client-id": "other", "X-ORG-ID": "other", "X-User-Context": '{"groups":["admin"]}',
        "X-Request-ID": "mine", "X-Correlation-ID": "corr-1",
    }  # fmt: skip
    headers = gateway.ask(request_event(call(), headers=forged))["mcp"]["transformedGatewayRequest"]["headers"]
    assert headers.keys() == {
        "X-Tenant-ID", "X-Client-ID", "X-Org-ID", "X-User-Context", "X-Request-ID", "X-Correlation-ID",
    }  # fmt: skip
    assert (headers["X-Tenant-ID"], headers["X-Client-ID"], headers["X-Org-ID"]) == (
        "acme-corp",
        "client-1",
        "org-finance",
    )
    names = ("agent_id", "agent_type", "agent_version", "groups", "environment")
    assert json.loads(headers["X-User-Context"]) == {name: ENTRY[name] for name in names}
    assert headers["X-Correlation-ID"] == "corr-1"
    started = started_at(headers["X-Request-ID"])
    assert started is not None
    assert abs(started - time.time()) < 60


@pytest.mark.parametrize("given", ["a b", "", "x" * 129, "a\r\nX-Tenant-ID: globex", "größe", "a/b"])
def test_a_correlation_id_that_could_do_harm_is_replaced(gateway: Gateway, given: str) -> None:
    event = request_event(call(), headers={"X-Correlation-ID": given})
    headers = gateway.ask(event)["mcp"]["transformedGatewayRequest"]["headers"]
    assert headers["X-Correlation-ID"] == headers["X-Request-ID"] == gateway.record()["correlation_id"]


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("role/finance-team", "role/finance-team"),
        ("role/AWSReservedSSO_x/jane@example.com", "role/AWSReservedSSO_x/jane@example.com"),
        ("jane doe", None),
        ('"},"outcome":"allowed', None),
        ("x" * 257, None),
    ],
)
def test_whom_an_agent_calls_for_is_recorded_and_counts_for_nothing(
    gateway: Gateway, given: str, recorded: str | None
) -> None:
    headers = gateway.ask(request_event(call(), headers={"X-On-Behalf-Of": given}))["mcp"]["transformedGatewayRequest"]
    assert gateway.record()["client_context"]["on_behalf_of"] == recorded
    assert "X-On-Behalf-Of" not in headers["headers"]


def test_a_record_says_who_called_what_and_nothing_that_is_secret(gateway: Gateway) -> None:
    arguments = {"key": {"id": "s3cret"}, "table": "orders", "a b": 1}
    gateway.ask(request_event(call("aws-data-v1___dynamodb_read_operations", arguments)))
    record = gateway.record()
    assert record["client_context"] == {
        "agent_id": "acme-corp/finance-agent", "tenant_id": "acme-corp", "organization_id": "org-finance",
        "client_id": "client-1", "user_id": "client-1", "client_ip": "10.0.1.100",
        "on_behalf_of": None,
    }  # fmt: skip
    assert record["mcp_context"] == {
        "server_name": "aws-data-v1", "method": "tools/call",
        "resource_accessed": "aws-data-v1___dynamodb_read_operations", "data_classification": "confidential",
        "arguments": {"key": None, "table": 8, "(other)": 1},
    }  # fmt: skip
    assert record["security_context"]["scopes"] == ["aws-operations/read", "other/read"]
    assert record["security_context"]["permissions_validated"] is True
    assert record["response_context"] is None
    assert "s3cret" not in gateway.lines
    assert "orders" not in gateway.lines


@pytest.mark.parametrize("permission", ["mcp:prompts/list", "mcp:*"])
def test_a_method_is_open_to_whom_the_claims_open_it(gateway: Gateway, permission: str) -> None:
    event = method("prompts/list")
    event["mcp"]["gatewayRequest"]["headers"]["Authorization"] = f"Bearer {token(permissions=[permission])}"
    assert "transformedGatewayRequest" in gateway.ask(event)["mcp"]


def test_permissions_for_tools_open_no_method(gateway: Gateway) -> None:
    event = method("prompts/list")
    event["mcp"]["gatewayRequest"]["headers"]["Authorization"] = f"Bearer {token(permissions=['prompts/*', '*'])}"
    assert refusal(gateway.ask(event))[0] == 403


def test_an_event_of_an_http_target_is_refused_in_its_own_shape(gateway: Gateway) -> None:
    answer = gateway.ask({"http": {"gatewayRequest": {"path": "/x", "httpMethod": "POST", "body": ""}}})
    assert answer["http"]["transformedGatewayResponse"]["statusCode"] == 403
    assert gateway.record()["reason"] == "event"
