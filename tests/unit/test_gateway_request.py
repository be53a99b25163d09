"""The request interceptor refuses every attack with the right status and a record, and lets honest calls through."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway_request import handler as module
from governance import aws, catalogue, keys
from governance.events import started_at
from governance.suspensions import RENEW_SECONDS
from tests.unit.governance_support import (
    CATALOGUE,
    EC,
    ENCRYPTION,
    ENTRY,
    ENVIRONMENT,
    FOREIGN,
    ONLY_RS256,
    RSA,
    SMALL,
    Clock,
    ParameterStore,
    Provider,
    call,
    claims_of,
    metrics_of,
    parameter_store,
    records,
    request_event,
    token,
    token_settings,
)  # fmt: skip

CONTEXT = SimpleNamespace(client_context=SimpleNamespace(custom={"SOURCE_IP": "10.0.1.100"}))


@dataclass
class Gateway:
    """The interceptor with what it depends on."""

    store: ParameterStore
    provider: Provider
    printed: Callable[[], str]
    lines: str = ""
    answers: list[Any] = field(default_factory=list)

    def ask(self, event: Any) -> dict[str, Any]:
        answer = module.handler(event, CONTEXT)
        self.lines = self.printed()
        return answer

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
    module._judge.cache_clear()
    with parameter_store(monkeypatch) as store:
        yield Gateway(store, provider, lambda: capsys.readouterr().out)
    module._judge.cache_clear()


def refusal(answer: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and error of an answer that stops the call."""
    response = answer["mcp"]["transformedGatewayResponse"]
    assert "transformedGatewayRequest" not in answer["mcp"]
    assert response["body"]["jsonrpc"] == "2.0"
    assert response["headers"]["X-Request-ID"] == response["body"]["error"]["data"]["request_id"]
    return response["statusCode"], response["body"]["error"]


def nested(depth: int) -> dict[str, Any]:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return {"deep": value}


def raw(message: str) -> dict[str, Any]:
    return request_event(message)


def with_arguments(text: str) -> dict[str, Any]:
    """A call whose arguments are this text, as it stands."""
    params = f'{{"name":"aws-operations-v1___get_time","arguments":{text}}}'
    return raw(f'{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}')


def method(name: str, /, **params: Any) -> dict[str, Any]:
    return request_event({"jsonrpc": "2.0", "id": 7, "method": name, "params": params})


def bearer(text: str) -> dict[str, Any]:
    return request_event(call(), bearer=None, headers={"Authorization": text})


def signed(**options: Any) -> dict[str, Any]:
    return request_event(call(), bearer=token(**options))


def tampered() -> dict[str, Any]:
    head, _, signature = token().split(".")
    _, payload, _ = token(tenant_id="globex", agent_id="globex/finance-agent").split(".")
    return bearer(f"Bearer {head}.{payload}.{signature}")


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def unsigned(algorithm: str, **header: Any) -> dict[str, Any]:
    parts = ({"alg": algorithm, "kid": "rsa", **header}, claims_of())
    return bearer(f"Bearer {'.'.join(encoded(json.dumps(part).encode()) for part in parts)}.")


def with_shared_secret() -> dict[str, Any]:
    """Signed with the provider's public key, taken for a shared secret."""
    parts = ({"alg": "HS256", "kid": "rsa"}, claims_of())
    text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    signature = hmac.digest(RSA.as_pem(private=False), text.encode(), "sha256")
    return bearer(f"Bearer {text}.{encoded(signature)}")


NOW = int(time.time())
TOKEN_ATTACKS: dict[str, tuple[dict[str, Any], int, str]] = {
    "no token": (request_event(call(), bearer=None), 401, "token_missing"),
    "basic instead of bearer": (bearer("Basic YTpi"), 401, "token_malformed"),
    "an opaque token": (bearer("Bearer abc"), 401, "token_malformed"),
    "two tokens": (bearer(f"Bearer {token()} {token()}"), 401, "token_malformed"),
    "a token with a line break": (bearer(f"Bearer {token()}\r\nX-Tenant-ID: globex"), 401, "token_malformed"),
    "a huge token": (bearer(f"Bearer {token(padding='x' * 40_000)}"), 401, "token_malformed"),
    "five parts, encrypted": (bearer("Bearer a.b.c.d.e"), 401, "token_malformed"),
    "alg none": (unsigned("none"), 401, "token_algorithm"),
    "alg None": (unsigned("None"), 401, "token_algorithm"),
    "no signature": (unsigned("RS256"), 401, "token_signature"),
    "alg HS256 with the public key": (with_shared_secret(), 401, "token_algorithm"),
    "another key under a known name": (signed(key=FOREIGN), 401, "token_signature"),
    "claims changed after signing": (tampered(), 401, "token_signature"),
    "unknown kid": (signed(header={"kid": "other"}), 401, "token_key"),
    "no kid where there are several keys": (signed(header={"kid": None}), 401, "token_key"),
    "a key for encryption": (signed(key=ENCRYPTION), 401, "token_key"),
    "a key that is too small": (signed(key=SMALL), 401, "token_key"),
    "an algorithm that the key is not for": (signed(key=ONLY_RS256, header={"alg": "PS256"}), 401, "token_algorithm"),
    "an elliptic algorithm with an RSA key's name": (
        signed(key=EC, header={"kid": "rsa"}), 401, "token_algorithm"),
    "a critical header that is not understood": (
        unsigned("RS256", crit=["https://example.com/x"]), 401, "token_malformed"),
    "a payload that is not encoded": (unsigned("RS256", b64=False), 401, "token_malformed"),
    "expired": (signed(exp=NOW - 60), 401, "token_expired"),
    "without expiry": (signed(exp=None), 401, "token_malformed"),
    "an expiry that is no number": (signed(exp="tomorrow"), 401, "token_malformed"),
    "not yet valid": (signed(nbf=NOW + 600), 401, "token_not_yet_valid"),
    "another issuer": (signed(iss="https://evil.example.com/pool"), 401, "token_issuer"),
    "the issuer with a slash": (signed(iss="https://idp.example.com/pool/"), 401, "token_issuer"),
    "without issuer": (signed(iss=None), 401, "token_issuer"),
    "an id token": (signed(token_use="id"), 401, "token_use"),
    "missing scope": (signed(scope="other/read"), 403, "token_scope"),
    "a scope that begins like the right one": (signed(scope="aws-operations/readwrite"), 403, "token_scope"),
    "without scope": (signed(scope=None), 403, "token_scope"),
    "another environment": (signed(environment="prod"), 403, "claims_environment"),
    "without environment": (signed(environment=None), 403, "claims_missing"),
    "without tenant": (signed(tenant_id=None), 403, "claims_missing"),
    "without client": (signed(client_id=None), 403, "claims_missing"),
    "a tenant that is a list": (signed(tenant_id=["acme-corp"]), 403, "claims_malformed"),
    "a tenant with a line break": (
        signed(tenant_id="acme\r\nX-Org-ID: x", agent_id="acme\r\nX-Org-ID: x/a"), 403, "claims_malformed"),
    "an agent of another tenant": (signed(agent_id="globex/finance-agent"), 403, "claims_malformed"),
    "groups that are no list": (signed(groups="admin"), 403, "claims_malformed"),
    "a context too long for a header": (signed(groups=["g" * 100] * 19), 403, "claims_malformed"),
}  # fmt: skip

BODY_ATTACKS: dict[str, tuple[dict[str, Any], int, str]] = {
    "no JSON": (raw("{"), 400, "body_not_json"),
    "nothing": (raw(""), 400, "body_not_json"),
    "a byte order mark": (raw("\ufeff{}"), 400, "body_not_json"),
    "a second value behind the first": (raw(json.dumps(call()) + "{}"), 400, "body_not_json"),
    "NaN": (with_arguments('{"a":NaN}'), 400, "body_not_json"),
    "Infinity": (with_arguments('{"a":-Infinity}'), 400, "body_not_json"),
    "a number too large to say again": (with_arguments('{"a":1e999}'), 400, "body_not_json"),
    "a number of five thousand digits": (with_arguments(f'{{"a":{"9" * 5000}}}'), 400, "body_not_json"),
    "invalid UTF-8": (with_arguments('{"a":"\ufffd"}'), 400, "body_not_utf8"),
    "half a surrogate pair, escaped": (with_arguments('{"a":"\\ud800"}'), 400, "body_not_utf8"),
    "half a surrogate pair in a name": (with_arguments('{"\\udfff":1}'), 400, "body_not_utf8"),
    "half a surrogate pair": (with_arguments('{"a":"\udc80"}'), 400, "body_not_utf8"),
    "a method given twice": (
        raw('{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"prompts/get"}'), 400, "duplicate_key"),
    "an argument given twice": (with_arguments('{"tenant":"acme-corp","tenant":"globex"}'), 400, "duplicate_key"),
    "a member twice, once escaped": (with_arguments('{"a":1,"\\u0061":2}'), 400, "duplicate_key"),
    "oversized": (with_arguments(json.dumps({"a": "x" * 20_000})), 413, "body_too_large"),
    "oversized in bytes alone": (with_arguments(f'{{"a":"{"é" * 12_000}"}}'), 413, "body_too_large"),
    "deep nesting": (request_event(call(arguments=nested(20))), 413, "body_too_deep"),
    "nesting that ends a parser": (raw("[" * 15_000), 413, "body_too_deep"),
    "a batch": (request_event(json.dumps([call(), call()])), 400, "batch"),
    "an empty batch": (raw("[]"), 400, "batch"),
    "a text": (raw('"tools/list"'), 400, "bad_message"),
    "null": (raw("null"), 400, "bad_message"),
    "another version of JSON-RPC": (request_event(call(jsonrpc="1.0")), 400, "bad_message"),
    "a version that is a number": (request_event(call(jsonrpc=2.0)), 400, "bad_message"),
    "an answer instead of a request": (raw('{"jsonrpc":"2.0","id":1,"result":{}}'), 400, "bad_message"),
    "a request that is an answer too": (request_event(call(result={})), 400, "bad_message"),
    "an id of null": (request_event(call(id=None)), 400, "bad_id"),
    "an id that is true": (request_event(call(id=True)), 400, "bad_id"),
    "an id that is an object": (request_event(call(id={})), 400, "bad_id"),
    "an id with a fraction": (request_event(call(id=1.5)), 400, "bad_id"),
    "an id too large for JavaScript": (request_event(call(id=2**53)), 400, "bad_id"),
    "an id with a line break": (request_event(call(id="1\r\nX-Tenant-ID: globex")), 400, "bad_id"),
    "an id of a thousand characters": (request_event(call(id="a" * 1000)), 400, "bad_id"),
    "a call without id": (
        request_event({name: value for name, value in call().items() if name != "id"}), 400, "bad_id"),
    "a notification with an id": (method("notifications/initialized"), 400, "bad_id"),
    "a method that is a number": (request_event(call(method=1)), 400, "bad_method"),
    "a method with a line break": (request_event(call(method="tools/call\n")), 400, "bad_method"),
    "a method in other letters": (request_event(call(method="tools/\u0441all")), 400, "bad_method"),
    "no method": (raw('{"jsonrpc":"2.0","id":1}'), 400, "bad_method"),
    "params that are a list": (request_event(call(params=["get_time"])), 400, "bad_params"),
    "a call of no tool": (request_event(call(params={"arguments": {}})), 400, "bad_params"),
    "a tool's name with a line break": (request_event(call(tool="a___b\r\nc")), 400, "bad_params"),
    "arguments that are a text": (request_event(call(params={"name": "a___b", "arguments": "{}"})), 400, "bad_params"),
    "GET": (request_event("", method="GET"), 405, "http_method"),
    "DELETE": (request_event("", method="DELETE"), 405, "http_method"),
    "another method in the headers": (
        request_event(call(), headers={"Mcp-Method": "tools/list"}), 400, "header_mismatch"),
    "another tool in the headers": (
        request_event(call(), headers={"Mcp-Name": "aws-data-v1___other"}), 400, "header_mismatch"),
    "Authorization twice": (
        request_event(call(), headers={"authorization": "Bearer other"}), 400, "header_mismatch"),
    "a header that is a list": (request_event(call(), headers={"X-Tenant-ID": ["a", "b"]}), 400, "event"),
    "an event of no known shape": ({"mcp": {"gatewayRequest": None}}, 400, "event"),
    "a raw body that is no text": (
        {"mcp": {"rawGatewayRequest": {"body": {"a": 1}}, "gatewayRequest": {"httpMethod": "POST"}}},
        400, "body_not_json"),
}  # fmt: skip

ACCESS_ATTACKS: dict[str, tuple[dict[str, Any], int, str]] = {
    "prompts/list": (method("prompts/list"), 403, "method_not_allowed"),
    "prompts/get": (method("prompts/get", name="a___b"), 403, "method_not_allowed"),
    "resources/list": (method("resources/list"), 403, "method_not_allowed"),
    "resources/read": (method("resources/read", uri="file:///etc/passwd"), 403, "method_not_allowed"),
    "resources/templates/list": (method("resources/templates/list"), 403, "method_not_allowed"),
    "resources/subscribe": (method("resources/subscribe", uri="x:y"), 403, "method_not_allowed"),
    "completion/complete": (method("completion/complete"), 403, "method_not_allowed"),
    "logging/setLevel": (method("logging/setLevel", level="debug"), 403, "method_not_allowed"),
    "sampling/createMessage": (method("sampling/createMessage"), 403, "method_not_allowed"),
    "a method in capitals": (method("Tools/List"), 403, "method_not_allowed"),
    "another tenant in the arguments": (
        request_event(call(arguments={"tenant_id": "globex"})), 403, "tenant_argument"),
    "another tenant in other spelling": (
        request_event(call(arguments={"TenantId": "globex"})), 403, "tenant_argument"),
    "another tenant in the key of a table": (
        request_event(call(arguments={"key": {"tenant-id": "globex"}})), 403, "tenant_argument"),
    "another tenant in a list": (
        request_event(call(arguments={"filters": [{"tenant": "globex"}]})), 403, "tenant_argument"),
    "both tenants": (
        request_event(call(arguments={"tenant_id": ["acme-corp", "globex"]})), 403, "tenant_argument"),
}  # fmt: skip

ATTACKS = {**TOKEN_ATTACKS, **BODY_ATTACKS, **ACCESS_ATTACKS}


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


def test_a_record_says_who_called_what_and_nothing_that_is_secret(gateway: Gateway) -> None:
    arguments = {"key": {"id": "s3cret"}, "table": "orders", "a b": 1}
    gateway.ask(request_event(call("aws-data-v1___dynamodb_read_operations", arguments)))
    record = gateway.record()
    assert record["client_context"] == {
        "agent_id": "acme-corp/finance-agent", "tenant_id": "acme-corp", "organization_id": "org-finance",
        "client_id": "client-1", "user_id": "client-1", "client_ip": "10.0.1.100",
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


@pytest.mark.parametrize("subject", ["acme-corp", "acme-corp/finance-agent"])
def test_a_token_is_no_good_after_its_suspension(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    clock = Clock()
    event = request_event(call())
    monkeypatch.setattr(module._judge().suspensions, "_clock", clock)
    assert "transformedGatewayRequest" in gateway.ask(event)["mcp"]
    gateway.store.suspend(subject)
    clock.now += RENEW_SECONDS + 1
    assert refusal(gateway.ask(event))[0] == 403
    assert gateway.record()["reason"] == "suspended"


def test_another_tenants_suspension_is_not_ones_own(gateway: Gateway) -> None:
    gateway.store.suspend("globex")
    assert "transformedGatewayRequest" in gateway.ask(request_event(call()))["mcp"]


@pytest.mark.parametrize("down", ["provider", "store"])
def test_nothing_passes_while_what_it_depends_on_is_down(gateway: Gateway, down: str) -> None:
    getattr(gateway, down).down = True
    status, _ = refusal(gateway.ask(request_event(call())))
    assert status == 503
    assert gateway.record()["reason"] == {"provider": "keys_unavailable", "store": "suspensions_unavailable"}[down]
    assert metrics_of(gateway.lines) == {"Refused": 1.0, "Unavailable": 1.0}


def test_what_fails_inside_lets_nothing_through_and_quotes_nothing(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: Any) -> None:
        raise ZeroDivisionError("s3cret")

    monkeypatch.setattr(module._judge().suspensions, "check", fails)
    assert refusal(gateway.ask(request_event(call())))[0] == 503
    (line,) = [json.loads(line) for line in gateway.lines.splitlines() if "gateway_request failed" in line]
    assert (line["error"], line["places"].split(":")[0]) == ("ZeroDivisionError", "judge.py")
    assert "s3cret" not in gateway.lines


def required(monkeypatch: pytest.MonkeyPatch, write: Callable[..., Any]) -> None:
    """Ask for acknowledged records, of a CloudWatch Logs that does this with them."""
    monkeypatch.setenv("FOUNDATION_AUDIT", json.dumps({"log_group": "/audit", "required": True, "version": "1.0"}))
    exceptions = SimpleNamespace(ResourceAlreadyExistsException=KeyError)
    client = SimpleNamespace(exceptions=exceptions, create_log_stream=lambda **_: {}, put_log_events=write)
    monkeypatch.setattr(aws, "logs", lambda: client)
    module._judge.cache_clear()


def test_a_required_record_is_written_before_the_call_goes_on_and_not_printed_too(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def write(**named: Any) -> dict[str, Any]:
        written.extend(one["message"] for one in named["logEvents"])
        return {}

    required(monkeypatch, write)
    assert "transformedGatewayRequest" in gateway.ask(request_event(call()))["mcp"]
    assert [record["outcome"] for record in records("\n".join(written))] == ["allowed"]
    assert records(gateway.lines) == []


def test_a_call_that_cannot_be_recorded_as_required_is_refused(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    required(monkeypatch, lambda **_: {"rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 1}})
    assert refusal(gateway.ask(request_event(call())))[0] == 503
    assert metrics_of(gateway.lines) == {"Refused": 1.0, "Unavailable": 1.0, "AuditFailures": 1.0}


@pytest.mark.parametrize(
    "name", ["FOUNDATION_TOKENS", "FOUNDATION_ENVIRONMENT", "FOUNDATION_LIMITS", "FOUNDATION_AUDIT"]
)
def test_a_function_that_is_not_set_up_refuses(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    assert refusal(gateway.ask(request_event(call())))[0] == 503
    assert f"gateway_request cannot start: {name}" in gateway.lines


def test_a_function_without_its_catalogue_refuses(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "FILE", Path("missing.json"))
    assert refusal(gateway.ask(request_event(call())))[0] == 503
