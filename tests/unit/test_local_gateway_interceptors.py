"""The local gateway's interceptors: the events that they get, what their answers do; failures let nothing by."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from local.gateway.configuration import InterceptorRecord
from local.gateway.exchange import BodyError, Exchange, read_exchange
from local.gateway.interceptors import Intercepted, Interceptor, InterceptorError
from local.gateway.request_log import Entry
from local.gateway.response_gate import ResponseGate
from tests.unit.local_gateway_support import (
    FakeAws,
    Running,
    bearer,
    gateway_record,
    lambda_target,
    running_gateway,
    target_context,
)

ASK = "arn:aws:lambda:us-east-1:123456789012:function:gateway-request"
ANSWER = "arn:aws:lambda:us-east-1:123456789012:function:gateway-response"
HELLO = "aws-operations-v1___hello_world"
BOTH = {
    "request_interceptor": InterceptorRecord(function_arn=ASK, pass_headers=True),
    "response_interceptor": InterceptorRecord(function_arn=ANSWER, pass_headers=True),
}
CALL = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": HELLO, "arguments": {"name": "x"}}}
JSON = {"content-type": "application/json", "accept": "application/json, text/event-stream"}

Event = dict[str, Any]


def _on(**members: Any) -> Event:
    return {"interceptorOutputVersion": "1.0", "mcp": members}


def pass_on(event: Event) -> Event:
    """What an interceptor answers that changes nothing."""
    mcp = event["mcp"]
    if mcp["gatewayResponse"] is None:
        return _on(transformedGatewayRequest={"body": mcp["gatewayRequest"]["body"]})
    return _on(transformedGatewayResponse={"body": mcp["gatewayResponse"]["body"] or {}})


class Seen:
    """Interceptors that note their events and answer what `ask` and `answer` say."""

    def __init__(self, gateway: Running) -> None:
        self.ask: Callable[[Event], Any] = pass_on
        self.answer: Callable[[Event], Any] = pass_on
        self.requests: list[Event] = []
        self.responses: list[Event] = []
        gateway.aws.functions = {ASK: self._ask, ANSWER: self._answer}

    def _ask(self, event: Event) -> Any:
        self.requests.append(event)
        return self.ask(event)

    def _answer(self, event: Event) -> Any:
        self.responses.append(event)
        return self.answer(event)


async def _send(gateway: Running, body: Any, **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.post(gateway.url, content=content, headers=JSON | bearer() | named)


async def test_the_events_are_those_of_agentcore() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        raw = b'{"jsonrpc": "2.0",  "id": 7, "method": "tools/list", "method": "tools/list"}'
        authorization = bearer()["Authorization"]
        answer = await _send(gateway, raw, x_trace="t-1", Authorization=authorization)
        (asked,), (answered,) = seen.requests, seen.responses
        headers = asked["mcp"]["gatewayRequest"].pop("headers")
        assert (headers["x-trace"], headers["authorization"]) == ("t-1", authorization)
        body = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
        assert asked == {
            "interceptorInputVersion": "1.0",
            "mcp": {
                "rawGatewayRequest": {"body": raw.decode()},
                "gatewayRequest": {"path": "/mcp", "httpMethod": "POST", "body": body},
                "gatewayResponse": None,
            },
        }
        response = answered["mcp"]["gatewayResponse"]
        assert answered["mcp"]["gatewayRequest"].pop("headers") == headers
        assert answered["mcp"] | {"gatewayResponse": None} == asked["mcp"]
        assert response["statusCode"] == 200
        assert response["isStreamingResponse"] is False
        assert response["headers"]["content-type"] == "application/json"
        assert response["body"] == answer.json()
        assert response["body"]["result"]["tools"]


async def test_headers_are_for_interceptors_that_ask_for_them() -> None:
    async with running_gateway(
        request_interceptor=InterceptorRecord(function_arn=ASK),
        response_interceptor=InterceptorRecord(function_arn=ANSWER),
    ) as gateway:
        seen = Seen(gateway)
        await _send(gateway, CALL)
        assert "headers" not in seen.requests[0]["mcp"]["gatewayRequest"]
        assert "headers" not in seen.responses[0]["mcp"]["gatewayRequest"]


@pytest.mark.parametrize("points", [(), ("request_interceptor",), ("response_interceptor",)])
async def test_a_gateway_needs_neither_of_them(points: tuple[str, ...]) -> None:
    async with running_gateway(**{point: BOTH[point] for point in points}) as gateway:
        Seen(gateway)
        assert (await _send(gateway, CALL)).json()["result"]["content"]
        assert len(gateway.aws.invocations) == 1


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("mode", ["auto", "2026-07-28"])
async def test_the_official_client_works_through_interceptors(streaming: bool, mode: str) -> None:
    async with running_gateway(**BOTH, streaming=streaming) as gateway:
        seen = Seen(gateway)
        async with (
            create_mcp_http_client(headers=bearer()) as http,
            Client(streamable_http_client(gateway.url, http_client=http), mode=mode) as client,
        ):
            assert [tool.name for tool in (await client.list_tools()).tools]
            result = await client.call_tool(HELLO, {"name": "you"})
        assert not result.is_error
        assert [event["mcp"]["gatewayRequest"]["body"]["method"] for event in seen.requests][-1] == "tools/call"


async def test_the_target_gets_what_the_interceptor_made_of_the_request() -> None:
    async with running_gateway(
        **BOTH, targets=(lambda_target(request_headers=("X-Tenant-ID", "X-Request-ID", "X-Org-ID")),)
    ) as gateway:
        seen = Seen(gateway)

        def ask(event: Event) -> Event:
            body = event["mcp"]["gatewayRequest"]["body"]
            body["params"]["arguments"]["name"] = "changed"
            return _on(
                transformedGatewayRequest={
                    "body": body,
                    "headers": {"X-Tenant-ID": "acme", "x-request-id": "r-1", "Host": "elsewhere", "Accept": "x/y"},
                }
            )

        seen.ask = ask
        answer = await _send(gateway, CALL, x_tenant_id="forged", x_org_id="callers-own")
        assert answer.status_code == 200
        (call,) = gateway.aws.invocations
        assert json.loads(call["Payload"]) == {"name": "changed"}
        assert call["Custom"]["bedrockAgentCorePropagatedHeaders"] == {
            "X-Tenant-ID": "acme",
            "X-Request-ID": "r-1",
            "X-Org-ID": "callers-own",
        }
        after = seen.responses[0]["mcp"]
        assert after["rawGatewayRequest"]["body"] == json.dumps(CALL)
        assert after["gatewayRequest"]["body"]["params"]["arguments"] == {"name": "changed"}
        assert after["gatewayRequest"]["headers"]["x-tenant-id"] == "acme"
        assert after["gatewayRequest"]["headers"]["host"].startswith("127.0.0.1:")


async def test_an_authorization_header_of_the_interceptor_reaches_the_target_unlisted() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        seen.ask = lambda event: _on(
            transformedGatewayRequest={
                "body": event["mcp"]["gatewayRequest"]["body"],
                "headers": {"Authorization": "Bearer of-the-interceptor"},
            }
        )
        await _send(gateway, CALL)
        (call,) = gateway.aws.invocations
        propagated = {"Authorization": "Bearer of-the-interceptor"}
        assert call["Custom"]["bedrockAgentCorePropagatedHeaders"] == propagated


async def test_the_callers_token_reaches_no_target_by_itself() -> None:
    async with running_gateway(**BOTH) as gateway:
        Seen(gateway)
        await _send(gateway, CALL)
        assert "bedrockAgentCorePropagatedHeaders" not in gateway.aws.invocations[0]["Custom"]


async def test_the_request_interceptor_can_answer_and_the_other_one_sees_it() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        error = {"jsonrpc": "2.0", "id": 7, "error": {"code": -32001, "message": "no"}}
        refusal = {"statusCode": 401, "headers": {"WWW-Authenticate": 'Bearer error="x"'}, "body": error}
        seen.ask = lambda _event: _on(
            transformedGatewayRequest={"body": {"this": "is not used"}}, transformedGatewayResponse=refusal
        )
        answer = await _send(gateway, CALL)
        assert (answer.status_code, answer.json()) == (401, error)
        assert answer.headers["www-authenticate"] == 'Bearer error="x"'
        given = seen.responses[0]["mcp"]["gatewayResponse"]
        assert (given["statusCode"], given["body"]) == (401, error)
        assert gateway.aws.invocations == []


async def test_the_response_interceptor_changes_body_status_and_headers() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        new = {"jsonrpc": "2.0", "id": 7, "result": {"content": [{"type": "text", "text": "redacted"}]}}
        headers = {"X-Correlation-ID": "c-1", "Content-Length": "1", "Content-Type": "text/html"}
        seen.answer = lambda _event: _on(
            transformedGatewayResponse={"body": new, "statusCode": 203, "headers": headers}
        )
        answer = await _send(gateway, CALL)
        assert (answer.status_code, answer.json()) == (203, new)
        assert answer.headers["x-correlation-id"] == "c-1"
        assert answer.headers["content-type"] == "application/json"


async def test_a_notification_passes_both_and_has_no_body() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        answer = await _send(gateway, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert (answer.status_code, answer.content) == (202, b"")
        given = seen.responses[0]["mcp"]["gatewayResponse"]
        assert (given["statusCode"], given["body"]) == (202, None)


RUBBISH: dict[str, Any] = {
    "it raises": ValueError("secret detail"),
    "no JSON": b"{",
    "a list": [],
    "no version": {"mcp": {}},
    "another version": {"interceptorOutputVersion": "2.0", "mcp": {"transformedGatewayRequest": {"body": {}}}},
    "no mcp": {"interceptorOutputVersion": "1.0"},
    "mcp is no object": {"interceptorOutputVersion": "1.0", "mcp": []},
    "neither": _on(),
    "the event": {"interceptorOutputVersion": "1.0", "mcp": {"gatewayRequest": {"body": {}}}},
    "a verb": {"interceptorOutputVersion": "1.0", "action": "ALLOW", "mcp": {}},
}
REQUESTS: dict[str, Any] = {
    "an echoed request": {"path": "/mcp", "httpMethod": "POST", "headers": {}, "body": CALL},
    "no body": {"headers": {}},
    "null": {"body": None},
    "text": {"body": json.dumps(CALL)},
    "a batch": {"body": [CALL]},
    "headers are a list": {"body": CALL, "headers": []},
    "a header with a line break": {"body": CALL, "headers": {"X-Tenant-ID": "a\r\nX-Admin: 1"}},
    "a header beyond ASCII": {"body": CALL, "headers": {"X-Tenant-ID": "ü"}},
    "a header that is too long": {"body": CALL, "headers": {"X-Tenant-ID": "x" * 4097}},
    "a header that is no text": {"body": CALL, "headers": {"X-Tenant-ID": 7}},
    "a header's name": {"body": CALL, "headers": {"X Tenant": "a"}},
}
RESPONSES: dict[str, Any] = {
    "no body": {"statusCode": 200},
    "null": {"statusCode": 200, "body": None},
    "text": {"statusCode": 200, "body": "{}"},
    "an echoed response": {"statusCode": 200, "body": {}, "isStreamingResponse": False},
    "a status as text": {"statusCode": "200", "body": {}},
    "a status that is none": {"statusCode": 99, "body": {}},
    "a status of truth": {"statusCode": True, "body": {}},
}


def _interceptor(answer: Any) -> Interceptor:
    """An interceptor whose function answers so."""
    aws = FakeAws()
    aws.functions = {ASK: lambda _event: answer}
    role = target_context(lambda_target(), aws).role
    return Interceptor(record=InterceptorRecord(function_arn=ASK), role=role)


INTERCEPTED = Intercepted(path="/mcp", method="POST", headers={}, raw="{}", body={})


@pytest.mark.parametrize(
    "given",
    [
        *(pytest.param(given, id=name) for name, given in RUBBISH.items()),
        *(pytest.param(_on(transformedGatewayRequest=given), id=name) for name, given in REQUESTS.items()),
        *(pytest.param(_on(transformedGatewayResponse=given), id=name) for name, given in RESPONSES.items()),
        pytest.param(_on(transformedGatewayResponse={"body": {}}), id="an answer without a status"),
    ],
)
async def test_only_the_documented_answers_of_a_request_interceptor_are_taken(given: Any) -> None:
    with pytest.raises(InterceptorError) as refused:
        await _interceptor(given).request(INTERCEPTED)
    assert ASK in str(refused.value)
    assert "secret detail" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        *(pytest.param(given, id=name) for name, given in RUBBISH.items()),
        *(pytest.param(_on(transformedGatewayResponse=given), id=name) for name, given in RESPONSES.items()),
        pytest.param(_on(transformedGatewayRequest={"body": {}}), id="a request"),
    ],
)
async def test_only_the_documented_answers_of_a_response_interceptor_are_taken(given: Any) -> None:
    with pytest.raises(InterceptorError):
        await _interceptor(given).response(INTERCEPTED, body={}, status=200, headers={}, streaming=False)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("given", [RUBBISH["it raises"], RUBBISH["no JSON"]], ids=["it raises", "no JSON"])
async def test_a_request_interceptor_that_fails_lets_nothing_through(given: Any, debug: bool) -> None:
    async with running_gateway(**BOTH, debug=debug) as gateway:
        seen = Seen(gateway)
        seen.ask = lambda _event: given
        answer = await _send(gateway, CALL)
        assert answer.status_code == 500
        detail = "InterceptorException - Received invalid response from interceptor"
        message = detail if debug else "An internal error occurred. Please retry later."
        assert answer.json() == {"jsonrpc": "2.0", "id": 7, "error": {"code": -32603, "message": message}}
        assert gateway.aws.invocations == seen.responses == []


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("given", [RUBBISH["it raises"], RUBBISH["no JSON"]], ids=["it raises", "no JSON"])
async def test_a_response_interceptor_that_fails_withholds_the_response(given: Any, streaming: bool) -> None:
    async with running_gateway(**BOTH, streaming=streaming) as gateway:
        gateway.aws.function = lambda _event: {"secret": "of the tool"}
        seen = Seen(gateway)
        seen.answer = lambda _event: given
        answer = await _send(gateway, CALL)
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == -32603
        assert "of the tool" not in answer.text


@pytest.mark.parametrize("point", ["request", "response"])
async def test_a_role_that_may_not_invoke_an_interceptor_serves_nobody(point: str) -> None:
    async with running_gateway(**BOTH) as gateway:
        Seen(gateway)
        gateway.aws.denied_functions = {ASK if point == "request" else ANSWER}
        assert (await _send(gateway, CALL)).status_code == 500
        assert len(gateway.aws.invocations) == (0 if point == "request" else 1)


async def test_an_event_beyond_lambdas_limit_is_refused() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        large = CALL | {"params": {"name": HELLO, "arguments": {"name": "x" * 3_500_000}}}
        assert (await _send(gateway, large)).status_code == 500
        assert seen.requests == gateway.aws.invocations == []


BROKEN: dict[str, bytes] = {
    "cut off": b'{"jsonrpc":"2.0","id":1',
    "empty": b"",
    "invalid UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\xff"}}',
    "UTF-16": json.dumps(CALL).encode("utf-16"),
    "not a number": b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}',
    "infinity": b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":-Infinity}}',
    "a number beyond floats": b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1e999}}',
    "an integer beyond reason": b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"ping"}',
    "nested without end": b"[" * 100_000,
    "nested too deep": b'{"a":' * 600 + b"1" + b"}" * 600,
    "trailing": b'{"jsonrpc":"2.0","id":1,"method":"ping"}{}',
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BROKEN.items()])
async def test_what_is_not_json_is_no_message(body: bytes) -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    with pytest.raises(BodyError) as refused:
        await read_exchange({"type": "http"}, receive)
    assert (refused.value.status, refused.value.code) == (400, -32700)


async def test_what_is_not_json_is_refused_before_the_interceptors() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        answer = await _send(gateway, b"{")
        error = {"code": -32700, "message": "Parse error - Invalid JSON format"}
        assert (answer.status_code, answer.json()) == (400, {"jsonrpc": "2.0", "id": None, "error": error})
        assert seen.requests == seen.responses == gateway.aws.invocations == []


@pytest.mark.parametrize("body", [[CALL], [], "text", 7, None, {"a": {"b": [[[{}]]]}}])
async def test_all_that_is_json_comes_before_the_interceptor(body: Any) -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        refusal = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Invalid Request"}}
        seen.ask = lambda _event: _on(transformedGatewayResponse={"statusCode": 400, "body": refusal})
        answer = await _send(gateway, body)
        assert (answer.status_code, answer.json()) == (400, refusal)
        assert seen.requests[0]["mcp"]["gatewayRequest"]["body"] == body


@pytest.mark.parametrize("refused", ["no token", "method", "version", "too large"])
async def test_what_is_refused_earlier_no_interceptor_sees(refused: str) -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        async with httpx2.AsyncClient(trust_env=False) as http:
            if refused == "no token":
                answer = await http.post(gateway.url, json=CALL, headers=JSON)
            elif refused == "method":
                answer = await http.put(gateway.url, json=CALL, headers=JSON | bearer())
            elif refused == "version":
                answer = await http.post(
                    gateway.url, json=CALL, headers=JSON | bearer() | {"mcp-protocol-version": "1999-01-01"}
                )
            else:
                answer = await http.post(gateway.url, content=b" " * (6 * 1024 * 1024 + 1), headers=JSON | bearer())
        assert answer.status_code == {"no token": 401, "method": 405, "version": 400, "too large": 413}[refused]
        assert seen.requests == seen.responses == []


async def test_two_parsers_never_see_the_same_body_differently() -> None:
    async with running_gateway(**BOTH) as gateway:
        Seen(gateway)
        raw = (
            b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"aws-operations-v1___get_time",'
            b'"name":"aws-operations-v1___hello_world","arguments":{"name":"first","name":"second"}}}'
        )
        assert (await _send(gateway, raw)).status_code == 200
        (call,) = gateway.aws.invocations
        assert call["Custom"]["bedrockAgentCoreToolName"] == HELLO
        assert json.loads(call["Payload"]) == {"name": "second"}


async def test_a_body_in_pieces_is_read_whole() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)

        async def pieces() -> Any:
            for letter in json.dumps(CALL):
                yield letter.encode()

        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.post(gateway.url, content=pieces(), headers=JSON | bearer())
        assert answer.json()["result"]["content"]
        assert seen.requests[0]["mcp"]["rawGatewayRequest"]["body"] == json.dumps(CALL)


def _event(message: Any) -> bytes:
    return f"event: message\r\nid: 3\r\ndata: {json.dumps(message)}\r\n\r\n".encode()


async def _streamed(answer: Callable[[Event], Any], *chunks: bytes) -> tuple[list[Event], list[Any]]:
    """Send a stream through the gate; returns the interceptor's events and the messages that reach the caller."""
    aws, events, sent = FakeAws(), [], []

    def noted(event: Event) -> Any:
        events.append(event["mcp"]["gatewayResponse"])
        return answer(event)

    async def send(message: Any) -> None:
        sent.append(message)

    aws.functions = {ANSWER: noted}
    scope = {"type": "http", "path": "/mcp", "method": "POST", "headers": []}
    gate = ResponseGate(
        interceptor=Interceptor(
            record=InterceptorRecord(function_arn=ANSWER), role=target_context(lambda_target(), aws).role
        ),
        gateway=gateway_record(port=1),
        exchange=Exchange(scope=scope, receive=lambda: None, raw="{}", message={"id": 7}),  # type: ignore[arg-type, return-value]
        entry=Entry(gateway="g", request_id="r", response_headers={"x-target": "t"}),
        send=send,
    )
    headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"content-length", b"1")]
    await gate({"type": "http.response.start", "status": 200, "headers": headers})
    for chunk in chunks:
        await gate({"type": "http.response.body", "body": chunk, "more_body": True})
    await gate({"type": "http.response.body", "body": b"", "more_body": False})
    return events, sent


ELICIT = {"jsonrpc": "2.0", "id": "elicit-1", "method": "elicitation/create"}
RESULT = {"jsonrpc": "2.0", "id": 7, "result": {"content": []}}
PROGRESS = {"jsonrpc": "2.0", "method": "notifications/progress"}


async def test_on_a_stream_each_message_with_an_id_is_intercepted_alone() -> None:
    def answer(event: Event) -> Event:
        body = event["mcp"]["gatewayResponse"]["body"] | {"seen": True}
        return _on(transformedGatewayResponse={"body": body, "statusCode": 203, "headers": {"X-New": "n"}})

    stream = _event(ELICIT) + b": ping\r\n\r\n" + _event(PROGRESS) + _event(RESULT)
    events, sent = await _streamed(answer, *(stream[at : at + 7] for at in range(0, len(stream), 7)))
    first, last = events
    assert first["headers"].pop("x-target") == "t"
    assert first == {
        "statusCode": 200,
        "headers": {"content-type": "text/event-stream; charset=utf-8", "content-length": "1"},
        "isStreamingResponse": True,
        "body": ELICIT,
    }
    assert last == {"isStreamingResponse": True, "body": RESULT}
    start, *bodies = sent
    assert start["status"] == 203
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers == {"content-type": "text/event-stream; charset=utf-8", "x-target": "t", "x-new": "n"}
    assert [body["body"] for body in bodies] == [
        _event(ELICIT | {"seen": True}),
        b": ping\r\n\r\n",
        _event(PROGRESS),
        _event(RESULT | {"seen": True}),
        b"",
    ]
    assert [body.get("more_body", False) for body in bodies] == [True] * 4 + [False]


async def test_after_the_first_event_status_and_headers_are_the_callers_already() -> None:
    events, sent = await _streamed(
        lambda _event: _on(transformedGatewayResponse={"body": RESULT, "statusCode": 500, "headers": {"X-New": "n"}}),
        _event(PROGRESS),
        _event(RESULT),
    )
    assert events == [{"isStreamingResponse": True, "body": RESULT}]
    assert sent[0]["status"] == 200
    assert b"x-new" not in dict(sent[0]["headers"])


async def test_a_failure_in_a_stream_ends_it_with_an_error() -> None:
    _, sent = await _streamed(lambda _event: ValueError("secret"), _event(PROGRESS), _event(RESULT), _event(RESULT))
    assert [message["type"] for message in sent].count("http.response.start") == 1
    last = sent[-1]
    assert not last.get("more_body")
    error = json.loads(last["body"].partition(b"data: ")[2])
    assert (error["id"], error["error"]["code"]) == (7, -32603)
    assert b"content" not in b"".join(message.get("body", b"") for message in sent[2:])


async def test_an_event_that_is_cut_off_is_not_passed_on() -> None:
    events, sent = await _streamed(pass_on, _event(RESULT)[:-2])
    assert events == []
    assert [message.get("body") for message in sent] == [None, b""]


async def test_a_hundred_callers_wait_side_by_side_in_the_interceptors() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        barrier = threading.Barrier(100, timeout=30)

        def ask(event: Event) -> Event:
            barrier.wait()
            return pass_on(event)

        seen.ask = ask
        limits = httpx2.Limits(max_connections=100)
        async with httpx2.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:

            async def call(number: int) -> str:
                body = CALL | {"id": number, "params": {"name": HELLO, "arguments": {"name": f"caller {number}"}}}
                answer = await http.post(gateway.url, json=body, headers=JSON | bearer())
                assert answer.json()["id"] == number
                text: str = answer.json()["result"]["content"][0]["text"]
                return text

            texts = await asyncio.gather(*(call(number) for number in range(100)))
        assert [json.loads(text)["echo"]["name"] for text in texts] == [f"caller {number}" for number in range(100)]
        assert gateway.aws.assumed == [gateway.record.role_arn]
