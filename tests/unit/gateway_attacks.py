"""Attacks on the gateway that its request interceptor has to refuse: the event, the status, the reason on record."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

from tests.unit.governance_support import (
    EC,
    ENCRYPTION,
    FOREIGN,
    ONLY_RS256,
    RSA,
    SMALL,
    call,
    claims_of,
    request_event,
    token,
)  # fmt: skip


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
    "an expiry that no clock shows": (signed(exp=10**400), 401, "token_malformed"),
    "a beginning that no clock shows": (signed(nbf=10**400), 401, "token_malformed"),
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
