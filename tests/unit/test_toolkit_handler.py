"""What a call of the gateway comes to: an answer, a refusal that a model can read, or an error without internals."""

import json
import logging
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from tests.unit.lambda_calls import ClientContext, Context, call, context_for, refusal
from toolkit import InternalToolError, TenantContext, ToolError, ToolServer
from toolkit.answers import MAX_ANSWER_BYTES
from toolkit.invocation import tool_name

HEADERS = {
    "X-Tenant-ID": "acme-corp",
    "X-Org-ID": "org-finance-division",
    "X-Client-ID": "client1",
    "X-Request-ID": "request-1",
    "X-Correlation-ID": "correlation-1",
    "X-User-Context": '{"groups": ["finance-analysts"]}',
}

server = ToolServer("test-server", version="1.2.3")


class Range(TypedDict):
    """A range."""

    low: int
    high: NotRequired[int | None]


@server.tool(actions=[], self_check={"text": "a"})
def echo(
    text: str,
    count: int = 1,
    ratio: float = 0.5,
    flag: bool = False,
    names: list[str] | None = None,
    filters: dict[str, list[str]] | None = None,
    mode: Literal["fast", "slow"] = "fast",
    level: Literal[1, 2] = 1,
    range: Range | None = None,
) -> dict[str, Any]:
    """Echo the arguments.

    Args:
        text: A text.
        count: A count.
        ratio: A ratio.
        flag: A flag.
        names: Names.
        filters: Filters.
        mode: How.
        level: How much.
        range: From and to.
    """
    return dict(locals())


@server.tool(actions=[])
def who(tenant: TenantContext) -> dict[str, Any]:
    """Tell the tenant context."""
    return {**vars(tenant), "user_context": dict(tenant.user_context)}


@server.tool(actions=[], self_check={"how": "types"})
def behave(how: str) -> dict[str, Any]:
    """Behave in some way.

    Args:
        how: In which way.
    """
    answers: dict[str, Any] = {
        "types": {
            "moment": datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
            "day": date(2026, 11, 20),
            "span": timedelta(minutes=1),
            "whole": Decimal(5),
            "part": Decimal("0.25"),
            "bytes": b"\x00\xff",
            "set": {"b", "a"},
        },
        "large": {"text": "x" * MAX_ANSWER_BYTES},
        "quotes": {"text": '"' * (MAX_ANSWER_BYTES // 3)},
        "nan": {"value": float("nan")},
        "object": {"value": object()},
        "list": ["a"],
        "like a failure": {"isError": False, "content": []},
    }
    if how == "refuse":
        raise ToolError("no, because of hush", code="too_hot")
    if how == "break":
        raise RuntimeError("hush: password=1234")
    return answers[how]  # type: ignore[no-any-return]


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The log records that the server writes."""
    written: list[dict[str, Any]] = []
    logger = server._logger

    def emit(record: logging.LogRecord) -> None:
        written.append(json.loads(logger.registered_formatter.format(record)))

    monkeypatch.setattr(logger.registered_handler, "emit", emit)
    return written


def test_arguments_arrive_with_their_types_and_defaults() -> None:
    given = {"text": "a", "count": 5.0, "ratio": 2, "names": ["x"], "filters": {"k": ["v"]}, "range": {"low": 1}}
    assert call(server, "echo", given) == {
        "text": "a",
        "count": 5,
        "ratio": 2.0,
        "flag": False,
        "names": ["x"],
        "filters": {"k": ["v"]},
        "mode": "fast",
        "level": 1,
        "range": {"low": 1},
    }


def test_null_stands_for_an_optional_argument_that_was_not_given() -> None:
    answer = call(server, "echo", {"text": "a", "names": None, "range": {"low": 1, "high": None}})
    assert (answer["names"], answer["range"]) == (None, {"low": 1, "high": None})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "text is required: A text."),
        ({"text": 1}, "text must be a string, not an integer"),
        ({"text": None}, "text must be a string, not null"),
        ({"text": "a", "count": True}, "count must be an integer, not a boolean"),
        ({"text": "a", "count": 1.5}, "count must be an integer, not a number"),
        ({"text": "a", "count": "1"}, "count must be an integer, not a string"),
        ({"text": "a", "ratio": True}, "ratio must be a number, not a boolean"),
        ({"text": "a", "flag": 1}, "flag must be a boolean, not an integer"),
        ({"text": "a", "names": "x"}, "names must be an array, not a string"),
        ({"text": "a", "names": ["x", 1]}, r"names\[1\] must be a string, not an integer"),
        ({"text": "a", "filters": []}, "filters must be an object, not an array"),
        ({"text": "a", "filters": {"k": "v"}}, "filters.k must be an array, not a string"),
        ({"text": "a", "mode": "hasty"}, "mode must be one of fast, slow, not 'hasty'"),
        ({"text": "a", "level": True}, "level must be one of 1, 2, not True"),
        ({"text": "a", "range": {}}, "range.low is required"),
        ({"text": "a", "range": {"low": 1, "mid": 2}}, "range has no member 'mid' "),
        ({"text": "a", "range": 3}, "range must be an object, not an integer"),
        ({"text": "a", "size": 1}, "unknown argument 'size' "),
    ],
)
def test_a_wrong_argument_is_named_with_what_it_must_be(given: dict[str, Any], problem: str) -> None:
    assert re.search(problem, refusal(call(server, "echo", given)))


def test_all_problems_come_in_one_message() -> None:
    message = refusal(call(server, "echo", {"count": "x", "mode": 1, "what": 2}))
    assert message.startswith("echo: ")
    assert message.count("; ") == 3
    for word in ("unknown argument 'what'", "text is required", "count must be", "mode must be one of"):
        assert word in message


def test_no_arguments_may_arrive_as_nothing() -> None:
    assert "text is required" in refusal(call(server, "echo", None))


@pytest.mark.parametrize("headers", [HEADERS, json.dumps(HEADERS), {k.lower(): v for k, v in HEADERS.items()}])
def test_the_tenant_context_comes_from_the_propagated_headers(headers: Any) -> None:
    assert call(server, "who", headers=headers) == {
        "tenant_id": "acme-corp",
        "organization_id": "org-finance-division",
        "client_id": "client1",
        "request_id": "request-1",
        "correlation_id": "correlation-1",
        "agent_id": "",
        "agent_type": "",
        "agent_version": "",
        "groups": ["finance-analysts"],
        "environment": "",
        "user_context": {"groups": ["finance-analysts"]},
    }


def test_the_agent_comes_from_the_user_context() -> None:
    said = {"agent_id": "acme-corp/finance-agent", "agent_type": "assistant", "agent_version": "1.0"}
    context = {**said, "groups": ["admin", "acme-corp/finance-analysts"], "environment": "dev"}
    answer = call(server, "who", headers={**HEADERS, "X-User-Context": json.dumps(context)})
    assert {name: answer[name] for name in context} == context


@pytest.mark.parametrize("wrong", [{"agent_id": 1}, {"environment": None}, {"groups": "admin"}, {"groups": [1]}])
def test_a_user_context_of_other_types_is_refused(wrong: dict[str, Any]) -> None:
    message = refusal(call(server, "who", headers={**HEADERS, "X-User-Context": json.dumps(wrong)}))
    assert f"x-user-context has {next(iter(wrong))} of another type" in message


def test_ids_that_no_header_gives_come_from_the_gateway() -> None:
    needed = {name: HEADERS[name] for name in ("X-Tenant-ID", "X-Org-ID", "X-Client-ID")}
    answer = call(server, "who", headers=needed)
    assert (answer["request_id"], answer["correlation_id"]) == ("gateway-request-1", "gateway-request-1")
    assert answer["user_context"] == {}


@pytest.mark.parametrize("missing", ["X-Tenant-ID", "X-Org-ID", "X-Client-ID"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_tool_for_tenants_refuses_a_call_without_one(missing: str, empty: bool) -> None:
    headers = {**HEADERS, missing: ""} if empty else {k: v for k, v in HEADERS.items() if k != missing}
    assert f"carries no {missing.lower()}" in refusal(call(server, "who", headers=headers))


@pytest.mark.parametrize("value", ["[]", "not json", '"text"'])
def test_a_user_context_that_is_no_object_is_refused(value: str) -> None:
    assert "x-user-context" in refusal(call(server, "who", headers={**HEADERS, "X-User-Context": value}))


def test_a_tenant_cannot_come_from_an_argument() -> None:
    assert "unknown argument 'tenant'" in refusal(call(server, "who", {"tenant": {"tenant_id": "globex"}}))


def test_a_header_with_two_values_is_refused() -> None:
    headers = {**HEADERS, "x-tenant-id": "globex"}
    assert "x-tenant-id came twice" in refusal(call(server, "who", headers=headers))


@pytest.mark.parametrize("headers", ["not json", "[1]", ["a"]])
def test_headers_that_are_no_map_are_refused(headers: Any) -> None:
    assert "bedrockAgentCorePropagatedHeaders" in refusal(call(server, "who", headers=headers))


@pytest.mark.parametrize(
    ("qualified", "name"),
    [("aws-operations-v1___get_time", "get_time"), ("get_time", "get_time"), ("t___a___b", "a___b"), ("t____a", "_a")],
)
def test_the_targets_prefix_is_taken_off_the_tools_name(qualified: str, name: str) -> None:
    assert tool_name(qualified) == name


def test_an_unknown_tool_is_answered_with_the_known_ones() -> None:
    assert refusal(call(server, "nope")) == "test-server has no tool 'nope'; it has behave, echo, who"


@pytest.mark.parametrize("client_context", [None, ClientContext({}), ClientContext({"bedrockAgentCoreToolName": 1})])
def test_a_call_that_no_gateway_made_is_refused(client_context: Any) -> None:
    assert "AgentCore Gateway only" in refusal(server.handler({}, Context(client_context)))


def test_an_answer_has_jsons_types() -> None:
    assert call(server, "behave", {"how": "types"}) == {
        "moment": "2026-11-20T10:00:00+00:00",
        "day": "2026-11-20",
        "span": 60.0,
        "whole": 5,
        "part": 0.25,
        "bytes": "AP8=",
        "set": ["a", "b"],
    }


@pytest.mark.parametrize("how", ["large", "quotes"])
def test_an_answer_that_the_gateway_cannot_carry_is_refused_with_the_way_out(how: str) -> None:
    assert "ask for fewer or narrower results" in refusal(call(server, "behave", {"how": how}))


def test_a_refusal_is_returned_as_it_is() -> None:
    assert refusal(call(server, "behave", {"how": "refuse"})) == "no, because of hush"


@pytest.mark.parametrize("how", ["break", "nan", "object", "list", "like a failure", "no such answer"])
def test_an_unexpected_failure_shows_the_correlation_id_and_nothing_else(
    how: str, records: list[dict[str, Any]]
) -> None:
    with pytest.raises(InternalToolError) as caught:
        call(server, "behave", {"how": how}, headers=HEADERS)
    assert str(caught.value) == "the tool failed inside test-server; its log has the details under correlation-1"
    assert caught.value.__suppress_context__
    (record,) = records
    assert record["outcome"] == "internal_error"
    assert record["correlation_id"] == "correlation-1"
    assert "Traceback" in record["exception"]


def test_each_call_leaves_one_record_without_arguments_or_answers(records: list[dict[str, Any]]) -> None:
    call(server, "echo", {"text": "hush"}, headers=HEADERS)
    call(server, "behave", {"how": "refuse"}, headers=HEADERS)
    call(server, "echo", {"text": "a", "mode": "hush"})
    ok, refused, invalid = records
    assert ok | {"duration_ms": 0, "timestamp": ""} == {
        "level": "INFO",
        "message": "tool call",
        "timestamp": "",
        "service": "test-server",
        "server": "test-server 1.2.3",
        "tool": "echo",
        "request_id": "request-1",
        "correlation_id": "correlation-1",
        "mcp_message_id": "7",
        "tenant_id": "acme-corp",
        "client_id": "client1",
        "outcome": "ok",
        "duration_ms": 0,
    }
    assert ok["duration_ms"] >= 0
    assert (refused["outcome"], refused["error_code"]) == ("tool_error", "too_hot")
    assert (invalid["outcome"], invalid["error_code"]) == ("tool_error", "invalid_arguments")
    assert "tenant_id" not in invalid
    assert "hush" not in json.dumps(records)


def test_a_call_without_a_tool_name_is_recorded_too(records: list[dict[str, Any]]) -> None:
    server.handler({}, Context(None))
    assert [(record["tool"], record["error_code"]) for record in records] == [("unknown", "not_from_gateway")]


def test_contexts_of_two_calls_do_not_mix(records: list[dict[str, Any]]) -> None:
    call(server, "echo", {"text": "a"}, headers=HEADERS)
    server.handler({"text": "a"}, context_for("echo"))
    assert "tenant_id" in records[0]
    assert "tenant_id" not in records[1]
