"""The response interceptor ends the record of a call, counts it, and redacts the answer as its tool is classified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.events import Ids
from tests.unit.gateway_response_support import (
    DYNAMODB,
    IDS,
    PASSED_ON,
    Gateway,
    error,
    opened,
    response_event,
    result,
)  # fmt: skip
from tests.unit.governance_support import call, metrics_of


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Gateway]:
    with opened(monkeypatch, tmp_path, capsys) as gateway:
        yield gateway


REFUSED = error(-32002, "This agent is suspended", reason="suspended", **vars(Ids.new({})))


@pytest.mark.parametrize("bearer", ["", None])
def test_a_refusal_of_the_request_interceptor_passes_and_ends_its_record(gateway: Gateway, bearer: str | None) -> None:
    event = response_event(call(), REFUSED, status=403, bearer=bearer)
    headers = event["mcp"]["gatewayRequest"]["headers"]
    for name in PASSED_ON:  # a refused call has the headers that the caller wrote
        del headers[name]
    answer = gateway.ask(event)
    assert answer == {"body": REFUSED}
    record = gateway.record()
    assert (record["outcome"], record["reason"], record["phase"]) == ("refused", "suspended", "response")
    assert record["request_id"] == REFUSED["error"]["data"]["request_id"]


ENDINGS: dict[str, tuple[Any, int, str, str]] = {
    "an answer": (result({"content": []}), 200, "allowed", ""),
    "a policy's denial": (
        error(-32002, "Tool Execution Denied: Tool call not allowed due to policy enforcement [No policy applies]"),
        200, "denied", "policy"),
    "a policy's denial as a result": (
        result({"isError": True, "content": [
            {"type": "text", "text": "AuthorizeActionException - Tool Execution Denied: Tool call not allowed"}]}),
        200, "denied", "policy"),
    "another error in the words of a denial": (error(-32602, "Tool Execution Denied: no"), 200, "failed", "error"),
    "another error with the code of a denial": (error(-32002, "Resource not found"), 200, "failed", "error"),
    "a tool that quotes a denial": (
        result({"isError": True, "content": [{"type": "text", "text": "I got: Tool Execution Denied: no"}]}),
        200, "failed", "tool_error"),
    "a tool that says more than a denial": (
        result({"isError": True, "content": [
            {"type": "text", "text": "AuthorizeActionException - Tool Execution Denied: x"}, {"type": "text"}]}),
        200, "failed", "tool_error"),
    "an error with the code of a rate limit": (error(-32003, "Too many rows"), 200, "failed", "error"),
    "a refusal that the request interceptor did not make": (
        error(-32002, "This agent is suspended", reason="suspended", **vars(Ids.new({}))), 403, "failed", "error"),
    "a rate limit": (error(-32003, "Rate limit exceeded", retryAfter=1), 429, "denied", "rate_limit"),
    "a tool's failure": (
        result({"isError": True, "content": [{"type": "text", "text": "no"}]}), 200, "failed", "tool_error"),
    "an error": (error(-32603, "An internal error occurred. Please retry later."), 200, "failed", "error"),
    "an error that claims to be a refusal": (error(-32603, "x", reason="suspended"), 200, "failed", "error"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDINGS)
def test_the_record_says_how_the_call_ended(gateway: Gateway, name: str) -> None:
    body, status, outcome, reason = ENDINGS[name]
    gateway.ask(response_event(call(), body, status=status))
    record = gateway.record()
    assert (record["outcome"], record["reason"]) == (outcome, reason)
    assert (record["request_id"], record["correlation_id"]) == (IDS.request_id, IDS.correlation_id)
    assert record["client_context"]["agent_id"] == "acme-corp/finance-agent"
    assert record["mcp_context"]["resource_accessed"] == "aws-operations-v1___get_time"
    assert record["response_context"]["status_code"] == status
    assert record["response_context"]["response_size_bytes"] > 0
    assert record["response_context"]["processing_time_ms"] >= 0


def test_metrics_count_by_target_and_by_tenant(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "gateway-response")  # no dimension of these metrics
    gateway.ask(response_event(call(), result({})))
    emitted = [json.loads(line) for line in gateway.lines.splitlines() if "_aws" in line]
    sets = [found for line in emitted for found in line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]]
    assert sets == [["environment"], ["environment", "target"], ["environment", "tenant"]]
    assert metrics_of(gateway.lines)["Calls"] == 2


def test_a_target_that_nobody_knows_is_no_dimension(gateway: Gateway) -> None:
    gateway.ask(response_event(call("made-up-by-the-caller___x"), error(-32602, "Unknown tool")))
    dimensions = [
        json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        for line in gateway.lines.splitlines()
        if "_aws" in line
    ]
    assert ["environment", "target"] not in [found for sets in dimensions for found in sets]


@pytest.mark.parametrize("body", [None, "", {}])
def test_the_answer_to_a_notification_passes(gateway: Gateway, body: Any) -> None:
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert gateway.ask(response_event(notification, body, status=202)) == {"body": {}}


def test_each_event_of_a_stream_is_reviewed(gateway: Gateway) -> None:
    secret = {"content": [{"type": "text", "text": "key AKIAIOSFODNN7EXAMPLE"}]}
    asked = {
        "jsonrpc": "2.0",
        "id": "e-1",
        "method": "elicitation/create",
        "params": {"message": "AKIAIOSFODNN7EXAMPLE"},
    }
    first = gateway.ask(response_event(call(DYNAMODB), asked, isStreamingResponse=True))
    assert first["body"]["params"] == {"message": "[redacted]"}
    later = gateway.ask(response_event(call(DYNAMODB), result(secret), status=None, isStreamingResponse=True))
    assert later.keys() == {"body"}
    assert later["body"]["result"]["content"][0]["text"] == "key [redacted]"


def test_an_answer_is_redacted_as_its_tool_is_classified(gateway: Gateway) -> None:
    said = {"owner": "ann@example.com", "password": "hunter2"}
    value = {"structuredContent": said, "content": [{"type": "text", "text": json.dumps(said)}]}
    hidden = {"owner": "[redacted]", "password": "[redacted]"}

    def asked(tool: str) -> Any:
        return gateway.ask(response_event(call(tool), result(value)))["body"]["result"]

    assert asked("aws-operations-v1___get_time") == value
    assert asked("aws-operations-v1___unlisted") == value
    found = asked(DYNAMODB)
    assert found["structuredContent"] == json.loads(found["content"][0]["text"]) == hidden
    assert asked("partner___anything")["structuredContent"] == {"owner": "ann@example.com", "password": "[redacted]"}


def test_an_error_is_redacted_too(gateway: Gateway) -> None:
    body = error(-32603, "cannot log in with password=hunter2", detail="Bearer abcdefghijklmnopqrstuvwxyz")
    assert "hunter2" not in json.dumps(found := gateway.ask(response_event(call(DYNAMODB), body)))
    assert "abcdefghij" not in json.dumps(found)


def test_half_a_surrogate_pair_in_an_answer_is_counted_and_passes(gateway: Gateway) -> None:
    body = result({"content": [{"type": "text", "text": "\ud83d"}]})
    assert gateway.ask(response_event(call(), body))["body"] == body
    assert gateway.record()["outcome"] == "allowed"


def test_nesting_that_ends_an_interpreter_is_refused(gateway: Gateway) -> None:
    value: Any = "x"
    for _ in range(3000):
        value = [value]
    answer = gateway.ask(response_event(call(DYNAMODB), result({"deep": value})))
    assert answer["statusCode"] == 503
