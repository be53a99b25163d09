"""The response interceptor shows a caller what it may see, and passes on nothing that it cannot read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import time
from typing import Any

import pytest

from governance.caller import Caller
from tests.unit.gateway_response_support import DYNAMODB, Gateway, opened, response_event, result
from tests.unit.governance_support import AGENTS, ENTRY, call, token, token_settings

LIST = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
SEARCH = "x_amz_bedrock_agentcore_search"
MAY = ["aws-operations-v1___get_time", "aws-operations-v1___hello_world", "aws-data-v1___sqs_read_operations"]
MAY_NOT = [DYNAMODB, "globex-only___get_time", "aws-operations-v11___get_time", "get_time", "aws-operations-v1__x"]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Gateway]:
    with opened(monkeypatch, tmp_path, capsys) as gateway:
        yield gateway


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
    assert "result" in gateway.ask(response_event(call(), result({}), bearer=token(exp=int(time()) - 600)))["body"]
    assert gateway.ask(response_event(call(), result({}), bearer=token(exp=int(time()) - 1000)))["statusCode"] == 401


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
