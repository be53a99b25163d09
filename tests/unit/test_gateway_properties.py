"""Whatever arrives, an interceptor answers; and what it lets through is what every strict reader would read."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from gateway_request import handler as request
from gateway_response import handler as response
from gateway_response.patterns import REDACTED
from gateway_response.redaction import redact
from governance import catalogue, keys, strict_json
from governance.refusals import RefusedError
from tests.unit.governance_support import (
    CATALOGUE,
    ENVIRONMENT,
    Provider,
    call,
    parameter_store,
    request_event,
    token,
    token_settings,
)  # fmt: skip

TOKEN = token()
ANY_TEXT = st.text(st.characters(codec=None), max_size=40)  # halves of surrogate pairs included
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0", 2]),
        "id": st.integers() | ANY_TEXT | SCALARS,
        "method": st.sampled_from(["tools/call", "tools/list", "notifications/x", "prompts/get", "ping"]) | ANY_TEXT,
        "params": st.fixed_dictionaries({}, optional={"name": ANY_TEXT | st.just("a___b"), "arguments": VALUES})
        | VALUES,
        "result": VALUES,
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Tenant-ID", "x-tenant-id", "X-Correlation-ID", "X-Request-ID", "X-User-Context", "Mcp-Method"])
    | ANY_TEXT,
    ANY_TEXT,
    max_size=5,
)
JUNK = st.recursive(
    SCALARS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["mcp", "http", "gatewayRequest", "gatewayResponse", "rawGatewayRequest", "body", "headers", "statusCode",
             "httpMethod", "method", "params", "id", "result", "error", "jsonrpc", "data"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip
PRINTABLE = re.compile(r"[\x20-\x7e]{1,4096}")

quickly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "catalogue.json").write_text(json.dumps(CATALOGUE))
    for name, value in {**ENVIRONMENT, "FOUNDATION_TOKENS": token_settings()}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(catalogue, "FILE", tmp_path / "catalogue.json")
    monkeypatch.setattr(keys, "https", Provider())
    request._judge.cache_clear()
    response._review.cache_clear()
    with parameter_store(monkeypatch):
        yield
    request._judge.cache_clear()
    response._review.cache_clear()


def asked(module: Any, event: Any) -> dict[str, Any]:
    """The answer to an event, which is always one that Lambda and the gateway can read."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        answer = module.handler(event, None)
    json.dumps(answer, allow_nan=False).encode()
    assert answer["interceptorOutputVersion"] == "1.0"
    lines = [json.loads(line) for line in printed.getvalue().splitlines() if line.startswith("{")]
    assert [line["event_type"] for line in lines if "event_type" in line] == ["mcp_request"]
    found: dict[str, Any] = answer
    return found


def strict(text: str) -> Any:
    return strict_json.read(text, max_bytes=20_000, max_depth=12)


@quickly
@given(JUNK)
def test_no_event_makes_an_interceptor_raise(event: Any) -> None:
    for module in (request, response):
        answer = asked(module, event)
        assert "transformedGatewayRequest" not in answer.get("mcp", {})


@quickly
@given(
    st.binary(max_size=60).map(lambda raw: raw.decode(errors="surrogateescape")) | ANY_TEXT | MESSAGES.map(json.dumps)
)
def test_what_passes_is_a_message_and_the_same_for_every_reader(body: str) -> None:
    mcp = asked(request, request_event(body, bearer=TOKEN))["mcp"]
    if "transformedGatewayRequest" not in mcp:
        assert mcp["transformedGatewayResponse"]["body"]["error"]["code"] < 0
        return
    message = mcp["transformedGatewayRequest"]["body"]
    assert message == json.loads(body)
    assert message["jsonrpc"] == "2.0"
    assert re.fullmatch(r"[A-Za-z/_0-9]{1,128}", message["method"])
    assert ("id" in message) is not message["method"].startswith("notifications/")
    assert type(message.get("id", 0)) in (int, str)
    json.dumps(message, ensure_ascii=False).encode()


@quickly
@given(HEADERS)
def test_headers_of_a_call_are_the_tokens_and_printable(headers: dict[str, str]) -> None:
    found = asked(request, request_event(call(), headers=headers, bearer=TOKEN))["mcp"]
    if "transformedGatewayRequest" in found:
        context = found["transformedGatewayRequest"]["headers"]
        assert all(PRINTABLE.fullmatch(value) for value in context.values())
        assert context["X-Tenant-ID"] == "acme-corp"
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", context["X-Correlation-ID"])
        assert {name.lower() for name in context} >= {"x-client-id", "x-org-id", "x-user-context", "x-request-id"}


@quickly
@given(VALUES)
def test_a_json_text_is_read_as_it_is_or_refused(value: Any) -> None:
    try:
        found = strict(json.dumps(value))
    except RefusedError as error:
        found = error.reason
    else:
        json.dumps(value, ensure_ascii=False).encode()  # so no half of a surrogate pair was let through
    assert found in (value, "body_not_utf8", "body_too_deep")


@quickly
@given(ANY_TEXT)
def test_the_strict_reader_takes_nothing_that_json_does_not_have(text: str) -> None:
    try:
        value = strict(text)
    except RefusedError:
        return
    assert json.loads(text) == value


@quickly
@given(st.dictionaries(ANY_TEXT, VALUES, min_size=1, max_size=3), st.data())
def test_a_member_given_twice_is_refused_wherever_it_is(value: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(value)))
    text = json.dumps(value)[:-1] + f", {json.dumps(name)}: 1}}"
    with pytest.raises(RefusedError):
        strict(f'[{{"a": {text}}}]')


@quickly
@given(VALUES, st.sampled_from([(), ("secrets",), ("personal",), ("secrets", "personal")]))
def test_redaction_keeps_the_shape_of_what_it_redacts(value: Any, rules: tuple[str, ...]) -> None:
    def shape(found: Any) -> Any:
        if isinstance(found, dict):
            return [shape(inner) for inner in found.values()]
        if isinstance(found, list):
            return [shape(inner) for inner in found]
        # A number that looks like a payment card's becomes a text.
        return str if isinstance(found, str | int | float) and not isinstance(found, bool) else type(found)

    assert shape(redact(value, rules)) == shape(value)


@quickly
@given(ANY_TEXT, ANY_TEXT, VALUES)
def test_a_secret_is_found_wherever_it_stands(before: str, after: str, other: Any) -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    text = f"{before} {secret} {after}"
    for value in ({"a": [text, other]}, json.dumps({"a": text, "b": other}), json.dumps(json.dumps([text]))):
        found = json.dumps(redact(value, ("secrets",)))
        assert secret not in found
        assert REDACTED in found
