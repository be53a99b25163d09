"""The response interceptor shows a caller what it may see, passes on nothing it cannot read, and ends the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway_response import handler as module
from governance import catalogue, keys
from governance.caller import Caller
from governance.events import Ids
from tests.unit.governance_support import (
    AGENTS,
    CATALOGUE,
    ENTRY,
    ENVIRONMENT,
    ParameterStore,
    Provider,
    call,
    metrics_of,
    parameter_store,
    records,
    token,
    token_settings,
)  # fmt: skip

CONTEXT = SimpleNamespace(client_context=None)
LIST = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
SEARCH = "x_amz_bedrock_agentcore_search"
DYNAMODB = "aws-data-v1___dynamodb_read_operations"
MAY = ["aws-operations-v1___get_time", "aws-operations-v1___hello_world", "aws-data-v1___sqs_read_operations"]
MAY_NOT = [DYNAMODB, "globex-only___get_time", "aws-operations-v11___get_time", "get_time", "aws-operations-v1__x"]


@dataclass
class Gateway:
    """The interceptor with what it depends on."""

    store: ParameterStore
    provider: Provider
    printed: Callable[[], str]
    lines: str = ""

    def ask(self, event: Any) -> dict[str, Any]:
        answer = module.handler(event, CONTEXT)
        self.lines = self.printed()
        found: dict[str, Any] = answer["mcp"]["transformedGatewayResponse"]
        return found

    def record(self) -> dict[str, Any]:
        (record,) = records(self.lines)
        return record


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Gateway]:
    (tmp_path / "catalogue.json").write_text(json.dumps(CATALOGUE))
    provider = Provider()
    for name, value in {**ENVIRONMENT, "FOUNDATION_TOKENS": token_settings()}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(catalogue, "FILE", tmp_path / "catalogue.json")
    monkeypatch.setattr(keys, "https", provider)
    module._review.cache_clear()
    with parameter_store(monkeypatch) as store:
        yield Gateway(store, provider, lambda: capsys.readouterr().out)
    module._review.cache_clear()


IDS = Ids.new({})


def response_event(
    request: Any, body: Any, *, status: int | None = 200, bearer: str | None = "", **response: Any
) -> dict[str, Any]:
    authorization = {} if bearer is None else {"Authorization": f"Bearer {bearer or token()}"}
    headers = {**authorization, **IDS.headers(), "X-Tenant-ID": "acme-corp"}
    return {
        "interceptorInputVersion": "1.0",
        "mcp": {
            "rawGatewayRequest": {"body": json.dumps(request)},
            "gatewayRequest": {"path": "/mcp", "httpMethod": "POST", "headers": headers, "body": request},
            "gatewayResponse": {**({} if status is None else {"statusCode": status}), "body": body, **response},
        },
    }


def result(value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "result": value}


def error(code: int, message: str, **data: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "error": {"code": code, "message": message, "data": data}}


def tools(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "description": "Text.", "inputSchema": {"type": "object"}} for name in names]


def names_in(found: Any) -> list[str]:
    return [tool["name"] for tool in found["tools"]]


def test_a_list_of_tools_has_those_that_the_caller_may_call(gateway: Gateway) -> None:
    body = gateway.ask(response_event(LIST, result({"tools": tools(*MAY, *MAY_NOT, SEARCH), "nextCursor": "c"})))[
        "body"
    ]
    assert names_in(body["result"]) == [*MAY, SEARCH]
    assert body["result"]["nextCursor"] == "c"
    assert gateway.record()["response_context"]["records_returned"] == 4


def test_a_search_finds_those_that_the_caller_may_call(gateway: Gateway) -> None:
    found = {"tools": tools(*MAY, *MAY_NOT)}
    content = [{"type": "text", "text": json.dumps(found)}]
    answer = result({"content": content, "structuredContent": found, "isError": False})
    body = gateway.ask(response_event(call(SEARCH, {"query": "time"}), answer))["body"]["result"]
    assert names_in(body["structuredContent"]) == names_in(json.loads(body["content"][0]["text"])) == MAY
    assert not any(name in json.dumps(body) for name in (DYNAMODB, "globex-only"))


def test_who_may_call_nothing_sees_nothing(gateway: Gateway) -> None:
    event = response_event(LIST, result({"tools": tools(*MAY)}), bearer=token(permissions=[]))
    assert names_in(gateway.ask(event)["body"]["result"]) == []


def test_permissions_that_a_token_does_not_carry_come_from_the_directory(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.store.values[f"{AGENTS}/client-1"] = json.dumps({**ENTRY, "permissions": ["aws-data-v1/*"]})
    monkeypatch.setenv("FOUNDATION_TOKENS", token_settings(claims={"tenant_id": "org", "client_id": "cid"}))
    for _ in range(2):
        event = response_event(
            LIST,
            result({"tools": tools(*MAY, *MAY_NOT)}),
            bearer=token(org="acme-corp", cid="client-1", permissions=["globex-only/*"], client_id=None),
        )
        assert names_in(gateway.ask(event)["body"]["result"]) == ["aws-data-v1___sqs_read_operations", DYNAMODB]
    assert gateway.store.asked == 1


UNREADABLE: dict[str, tuple[Any, Any]] = {
    "no answer": (call(), None),
    "a text": (call(), "hello"),
    "a list": (call(), [result({})]),
    "a stream as text": (call(), 'event: message\ndata: {"jsonrpc":"2.0","id":7,"result":{}}\n\n'),
    "another version": (call(), {**result({}), "jsonrpc": "1.0"}),
    "neither result nor error": (call(), {"jsonrpc": "2.0", "id": 7}),
    "result and error": (call(), {**result({}), "error": {}}),
    "a result that is a list": (call(), result(["s3cret"])),
    "tools that are no list": (LIST, result({"tools": {"s3cret": 1}})),
    "no tools": (LIST, result({})),
    "a list result that is none": (LIST, result(None)),
    "a tool without name": (LIST, result({"tools": [{"description": "s3cret"}]})),
    "a tool that is a text": (LIST, result({"tools": ["s3cret"]})),
    "a search that is no JSON": (call(SEARCH), result({"content": [{"type": "text", "text": "s3cret"}]})),
    "a search of other content": (call(SEARCH), result({"content": [{"type": "image", "data": "s3cret"}]})),
    "a search of texts": (call(SEARCH), result({"content": ["s3cret"]})),
    "a search with odd structure": (call(SEARCH), result({"content": [], "structuredContent": {"tools": "s3cret"}})),
    "no request": (None, result({"content": []})),
    "a request without tool": ({**LIST, "method": "tools/call"}, result({"tools": tools(*MAY_NOT)})),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_not_passed_on(gateway: Gateway, name: str) -> None:
    request, body = UNREADABLE[name]
    answer = gateway.ask(response_event(request, body))
    assert answer["statusCode"] == 502
    assert "s3cret" not in json.dumps(answer)
    record = gateway.record()
    assert (record["outcome"], record["reason"]) == ("refused", "response_unreadable")


@pytest.mark.parametrize("event", [{}, [], None, {"mcp": None}, {"mcp": {"gatewayResponse": 1}}, {"mcp": {}}])
def test_an_event_of_another_shape_is_refused(gateway: Gateway, event: Any) -> None:
    assert gateway.ask(event)["statusCode"] == 502


@pytest.mark.parametrize(
    ("bearer", "status"), [(None, 401), ("a.b.c", 401), (token(iss="https://evil"), 401), (token(tenant_id=None), 403)]
)
def test_a_result_is_for_whom_the_token_proves(gateway: Gateway, bearer: str | None, status: int) -> None:
    answer = gateway.ask(response_event(LIST, result({"tools": tools(*MAY)}), bearer=bearer))
    assert answer["statusCode"] == status
    assert "result" not in answer["body"]


def test_a_call_may_outlive_its_token(gateway: Gateway) -> None:
    from time import time  # noqa: PLC0415

    assert "result" in gateway.ask(response_event(call(), result({}), bearer=token(exp=int(time()) - 600)))["body"]
    assert gateway.ask(response_event(call(), result({}), bearer=token(exp=int(time()) - 1000)))["statusCode"] == 401


REFUSED = error(-32002, "This agent is suspended", reason="suspended", **vars(Ids.new({})))


@pytest.mark.parametrize("bearer", ["", None])
def test_a_refusal_of_the_request_interceptor_passes_and_ends_its_record(gateway: Gateway, bearer: str | None) -> None:
    answer = gateway.ask(response_event(call(), REFUSED, status=403, bearer=bearer))
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


def test_nesting_that_ends_an_interpreter_is_refused(gateway: Gateway) -> None:
    value: Any = "x"
    for _ in range(3000):
        value = [value]
    answer = gateway.ask(response_event(call(DYNAMODB), result({"deep": value})))
    assert answer["statusCode"] == 503


def caller(*permissions: str) -> Caller:
    fields: Mapping[str, Any] = {name: ENTRY[name] for name in ENTRY if name not in ("suspended", "permissions")}
    return Caller(
        **fields, permissions=permissions, client_id="c", user_id=None, scopes=(), issued_at=None, expires_at=0
    )


@pytest.mark.parametrize(
    ("permissions", "asked", "may"),
    [
        (["t/*"], "t/a", True), (["t/a"], "t/a", True), (["t/a"], "t/ab", False), (["t/*"], "t2/a", False),
        (["*"], "t/a", False), (["*/*"], "t/a", False), (["mcp:*"], "t/a", False),
        (["mcp:*"], "mcp:prompts/list", True), (["mcp/*"], "mcp:prompts/list", False),
        (["mcp:prompts/*"], "mcp:prompts/list", False),
    ],
)  # fmt: skip
def test_a_permission_is_for_what_it_names(permissions: list[str], asked: str, may: bool) -> None:
    assert caller(*permissions).may(asked) is may
