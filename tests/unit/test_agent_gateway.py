"""The gateway's tools in a Strands agent's hands: through refusals, limits, failures, large answers and rotations."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from starlette.responses import Response
from strands import Agent
from strands.tools.mcp import MCPClient
from strands.types.exceptions import MCPClientInitializationError

from gateway_agent.answers import CUT, REFUSAL, UNAVAILABLE, within
from gateway_agent.gateway import gateway_tools
from gateway_agent.retries import Backoff
from gateway_agent.tokens import TokenSource
from scripted_model import Script, ScriptedModel
from tests.unit.agent_services import LARGE, SECRET, TARGET, AgentServices, Answer, agent_services, refusal, status

CORRELATION_ID = "question-1"


@pytest.fixture(scope="module")
def running() -> Iterator[AgentServices]:
    with agent_services() as found:
        yield found


@pytest.fixture
def services(running: AgentServices) -> AgentServices:
    """The services, with nothing left of an earlier test."""
    running.reset()
    return running


@pytest.fixture
def waits() -> list[float]:
    """The pauses between attempts, which no test waits for."""
    return []


@pytest.fixture
def tokens(services: AgentServices) -> TokenSource:
    return TokenSource(SECRET, secrets=services.client("secretsmanager"), http=services.http(), sleep=lambda _: None)


@pytest.fixture
def tools(services: AgentServices, tokens: TokenSource, waits: list[float]) -> Iterator[MCPClient]:
    """An open session."""
    with session(services, tokens, waits) as found:
        yield found


def session(services: AgentServices, tokens: TokenSource, waits: list[float], **options: Any) -> MCPClient:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    given = {"correlation_id": CORRELATION_ID, "caller": "role/finance-team", "sleep": sleep, **options}
    return gateway_tools(services.gateway_url, tokens, **given)


def call(tools: MCPClient, tool: str, **arguments: Any) -> Any:
    """A tool's result, as a model's call gets it."""
    return asyncio.run(tools.call_tool_async("call-1", f"{TARGET}___{tool}", arguments))


def text(result: Any) -> str:
    return "\n".join(block["text"] for block in result["content"])


def test_the_tools_are_those_that_the_gateway_lists(tools: MCPClient) -> None:
    names = [tool.tool_name for tool in tools.list_tools_sync()]
    assert names == [f"{TARGET}___{name}" for name in ("get_time", "s3_read_operations", "fails", "large", "slow")]


def test_each_request_carries_token_correlation_id_and_caller(services: AgentServices, tools: MCPClient) -> None:
    call(tools, "get_time")
    assert services.of("tools/call")
    for sent in services.calls:
        assert sent.headers["authorization"] == f"Bearer {services.given[-1]}"
        assert sent.headers["x-correlation-id"] == CORRELATION_ID
        assert sent.headers["x-on-behalf-of"] == "role/finance-team"


@pytest.mark.parametrize("name", ["correlation_id", "caller"])
@pytest.mark.parametrize("value", ["", "a b", "a\r\nX-Tenant-ID: globex", "ä", "a" * 300])
def test_nothing_that_cannot_stand_in_a_header_is_sent(tokens: TokenSource, name: str, value: str) -> None:
    given: dict[str, Any] = {"correlation_id": CORRELATION_ID, name: value}
    with pytest.raises(ValueError, match="must match"):
        gateway_tools("http://127.0.0.1:9/mcp", tokens, **given)


def test_the_trace_goes_on_in_the_gateway(services: AgentServices, tools: MCPClient) -> None:
    span = TracerProvider().get_tracer("test").start_span("question")
    with trace.use_span(span):
        call(tools, "get_time")
    (sent,) = services.of("tools/call")
    trace_id = format(span.get_span_context().trace_id, "032x")
    assert sent.headers["traceparent"].split("-")[1] == trace_id
    assert sent.message["params"]["_meta"]["traceparent"].split("-")[1] == trace_id


def test_a_tool_that_errs_is_an_answer_that_the_model_reads(tools: MCPClient) -> None:
    result = call(tools, "fails")
    assert result["status"] == "error"
    assert "the bucket is on fire" in text(result)
    assert REFUSAL not in result.get("metadata", {})


def test_a_throttled_call_is_made_again_after_what_the_gateway_asks_for(
    services: AgentServices, tools: MCPClient, waits: list[float]
) -> None:
    limit = {"limitKey": "tenant", "metric": "requests", "retryAfter": 2}
    services.gateway_answers["tools/call"] = _queue(
        refusal(-32003, "Rate limit exceeded", http=429, data=limit), status(429, retry_after="5")
    )
    assert call(tools, "get_time")["status"] == "success"
    assert waits == [2, 5]


def test_a_call_that_stays_throttled_says_so_and_when_it_may_work(
    services: AgentServices, tools: MCPClient, waits: list[float]
) -> None:
    limit = {"limitKey": "tenant", "metric": "requests", "retryAfter": 30}
    services.gateway_answers["tools/call"] = _queue(refusal(-32003, "Rate limit exceeded", http=429, data=limit))
    result = call(tools, "get_time")
    assert waits == []  # longer than anybody waits for: asking earlier would be refused again
    assert result["status"] == "error"
    assert "Too many calls" in text(result)
    assert "in 30 s" in text(result)
    assert result["metadata"][REFUSAL] == {"code": -32003, "message": "Rate limit exceeded", "retry_after": 30}


def test_a_denied_call_is_told_as_one_and_made_once(services: AgentServices, tools: MCPClient) -> None:
    sentence = "Tool Execution Denied: Tool call not allowed due to policy enforcement [No policy applies]"
    services.gateway_answers["tools/call"] = _queue(refusal(-32002, sentence))
    result = call(tools, "get_time")
    assert result["status"] == "error"
    assert text(result).startswith(sentence)
    assert "Do not try it again" in text(result)
    assert result["metadata"][REFUSAL] == {"code": -32002, "message": sentence}
    assert len(services.of("tools/call")) == 1


def test_a_refusal_of_the_interceptors_keeps_its_reason_and_request_id(
    services: AgentServices, tools: MCPClient
) -> None:
    data = {"reason": "suspended", "request_id": "r-1", "correlation_id": CORRELATION_ID}
    services.gateway_answers["tools/call"] = _queue(refusal(-32002, "This agent is suspended", http=403, data=data))
    result = call(tools, "get_time")
    assert result["metadata"][REFUSAL] == {
        "code": -32002, "message": "This agent is suspended", "reason": "suspended", "request_id": "r-1",
    }  # fmt: skip


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_call_that_may_have_run_is_not_made_again(
    services: AgentServices, tools: MCPClient, waits: list[float], code: int
) -> None:
    services.gateway_answers["tools/call"] = _queue(status(code))
    result = call(tools, "get_time")
    assert result["status"] == "error"
    assert len(services.of("tools/call")) == 1
    assert waits == []
    assert call(tools, "get_time")["status"] == "success"  # the session lives on


@pytest.mark.parametrize(("code", "means"), [(401, UNAVAILABLE), (403, UNAVAILABLE), (429, -32003)])
def test_a_call_that_was_turned_away_at_the_door_certainly_did_not_run(
    services: AgentServices, tools: MCPClient, code: int, means: int
) -> None:
    services.gateway_answers["tools/call"] = _queue(*[status(code, {"error": "no"}, retry_after="40")] * 2)
    refused = call(tools, "get_time")["metadata"][REFUSAL]
    assert (refused["code"], refused["reason"], refused["retry_after"]) == (means, "not_sent", 40)


@pytest.mark.parametrize("method", ["server/discover", "tools/list"])
def test_what_only_reads_is_asked_again(
    services: AgentServices, tokens: TokenSource, waits: list[float], method: str
) -> None:
    services.gateway_answers[method] = _queue(status(500), status(503))
    with session(services, tokens, waits) as tools:
        assert tools.list_tools_sync()
    assert len(waits) == 2


def test_a_gateway_that_stays_down_ends_in_an_error_and_not_in_a_loop(
    services: AgentServices, tokens: TokenSource, waits: list[float]
) -> None:
    for method in ("server/discover", "initialize"):
        services.gateway_answers[method] = _queue(*[status(500)] * 20)
    with pytest.raises(MCPClientInitializationError), session(services, tokens, waits):
        pass
    assert len(services.calls) == 8


def test_a_gateway_that_cannot_be_reached_is_told(tokens: TokenSource) -> None:
    unreachable = gateway_tools(
        "http://127.0.0.1:9/mcp", tokens, correlation_id=CORRELATION_ID, backoff=Backoff(attempts=1)
    )
    with pytest.raises(MCPClientInitializationError, match="cannot be reached"), unreachable:
        pass


def test_an_answer_that_does_not_come_ends_the_call_and_no_other(
    services: AgentServices, tokens: TokenSource, waits: list[float]
) -> None:
    with session(services, tokens, waits, timeout_seconds=0.5) as tools, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(call, tools, "slow")
        assert services.entered.wait(timeout=10)
        assert call(tools, "get_time")["status"] == "success"
        result = slow.result(timeout=10)
        services.leave.set()
        assert "whether the tool has run is not known" in text(result)
        assert call(tools, "get_time")["status"] == "success"
    assert len(services.of("tools/call")) == 3


def test_a_connection_cut_inside_an_answer_ends_the_call_and_no_other(
    services: AgentServices, tools: MCPClient
) -> None:
    class Cut(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"jsonrpc"', "more_body": False})

    services.gateway_answers["tools/call"] = _queue(lambda _request: Cut())
    assert "whether the tool has run is not known" in text(call(tools, "get_time"))
    assert call(tools, "get_time")["status"] == "success"


def test_a_refused_token_is_replaced_inside_a_conversation(services: AgentServices, tools: MCPClient) -> None:
    assert call(tools, "get_time")["status"] == "success"
    services.revoked.update(services.given)
    assert call(tools, "get_time")["status"] == "success"
    assert len(services.of("tools/call")) == 3


def test_a_secret_rotated_twice_inside_a_conversation_is_not_noticed(services: AgentServices, tools: MCPClient) -> None:
    assert call(tools, "get_time")["status"] == "success"
    services.rotate("secret-3", live={"secret-2", "secret-3"})
    services.revoked.update(services.given)
    assert call(tools, "get_time")["status"] == "success"


def test_a_client_that_is_gone_is_told_to_the_model_and_the_session_lives_on(
    services: AgentServices, tools: MCPClient
) -> None:
    services.rotate("secret-9", live=set())
    services.revoked.update(services.given)
    result = call(tools, "get_time")
    assert result["status"] == "error"
    assert "invalid_client" in text(result)
    services.rotate("secret-9", live={"secret-9"})
    assert call(tools, "get_time")["status"] == "success"


def test_a_megabyte_is_cut_and_says_how_long_it_was(tools: MCPClient) -> None:
    result = call(tools, "large")
    assert result["status"] == "success"
    assert "structuredContent" not in result
    assert result["metadata"][CUT] == {"characters": LARGE}
    assert result["content"][0]["text"] == "x" * 100_000
    assert "it has 1,000,000 characters, of which the first 100,000 are above" in result["content"][1]["text"]


def test_the_limit_of_an_answer_is_a_choice(services: AgentServices, tokens: TokenSource, waits: list[float]) -> None:
    with session(services, tokens, waits, answer_limit=2_000_000) as tools:
        result = call(tools, "large")
    assert [len(block["text"]) for block in result["content"]] == [LARGE]
    assert "structuredContent" in result


def test_an_agent_answers_with_what_two_tools_say(
    services: AgentServices, tokens: TokenSource, waits: list[float], loopback: None
) -> None:
    agent = Agent(model=ScriptedModel(), tools=[session(services, tokens, waits)], callback_handler=None)
    result = agent("What time is it in Sao Paulo, and list the objects in the bucket reports-1")
    agent.cleanup()
    assert "In America/Sao_Paulo it is 2026-11-25T12:00:00-03:00." in str(result)
    assert "reports-1/november.csv" in str(result)
    assert [sent.message["params"]["name"] for sent in services.of("tools/call")] == [
        f"{TARGET}___get_time", f"{TARGET}___s3_read_operations",
    ]  # fmt: skip


def test_a_conversation_goes_on_after_refusals_failures_and_a_rotation(
    services: AgentServices, tokens: TokenSource, waits: list[float], loopback: None
) -> None:
    calls = ["get_time", "fails", "large", "get_time", "get_time"]
    turns = [[{"tool": name}] for name in calls] + [[{"text": "done"}]]
    model = ScriptedModel(Script.parse(json.dumps({"turns": turns})))
    agent = Agent(model=model, tools=[session(services, tokens, waits)], callback_handler=None)
    services.gateway_answers["tools/call"] = _queue(refusal(-32002, "Tool Execution Denied: x [y]"))
    services.rotate("secret-2", live={"secret-1", "secret-2"})
    assert "done" in str(agent("go"))
    agent.cleanup()
    blocks = [block for message in agent.messages for block in message["content"]]
    ended = [block["toolResult"]["status"] for block in blocks if "toolResult" in block]
    assert ended == ["error", "error", "success", "success", "success"]


def test_nothing_of_a_token_is_logged(
    services: AgentServices, tokens: TokenSource, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "gateway_agent")
    caplog.set_level(logging.INFO)
    services.gateway_answers["tools/call"] = _queue(status(500))
    with session(services, tokens, waits) as tools:
        call(tools, "get_time")
    assert not [record for record in caplog.records if services.given[-1] in record.getMessage()]


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")


def _queue(*answers: Answer) -> deque[Answer]:
    return deque(answers)


def test_content_within_the_limit_stays_as_it_is() -> None:
    content = [{"text": "ab"}, {"json": {"a": 1}}, {"image": {"format": "png", "source": {"bytes": b"123"}}}]
    assert within(content, 100) == (content, 2 + 8 + 3)


def test_content_beyond_it_is_cut_in_its_order_and_a_picture_goes_whole() -> None:
    picture = {"image": {"format": "png", "source": {"bytes": b"1" * 50}}}
    kept, total = within([{"text": "a" * 10}, picture, {"text": "b" * 50}, {"text": "c"}], 70)
    assert total == 111
    assert kept[:3] == [{"text": "a" * 10}, picture, {"text": "b" * 10}]
    assert "111 characters" in kept[3]["text"]
    kept, _ = within([picture, {"text": "b"}], 20)
    assert picture not in kept
