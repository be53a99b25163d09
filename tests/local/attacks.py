"""Attacks on the gateway, as a table: what is sent, and the status that it has to be answered with.

Tokens are forged with the emulated pool's own signing key where an attack is about claims and not about the signature.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

TARGET = "aws-operations-v1"
ALLOWED = f"{TARGET}___hello_world"
OF_OTHERS = "aws-account-v1___iam_read_operations"
"""What no group of the other tenant's agent grants."""
LOGS = "aws-monitoring-v1___cloudwatch_read_operations"
DENIED, UNKNOWN = -32002, -32602
"""JSON-RPC error codes of what policies deny, and of a tool that there is not."""
UNKNOWN_ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_SomeoneEls"


def rpc(method: str, params: Mapping[str, Any] | None = None, *, message_id: Any = 1) -> dict[str, Any]:
    """A JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": message_id, "method": method, "params": dict(params or {})}


def call(tool: str = ALLOWED, **arguments: Any) -> dict[str, Any]:
    """A tools/call request."""
    return rpc("tools/call", {"name": tool, "arguments": arguments or {"name": "Ada"}})


@dataclass(frozen=True)
class Sent:
    """An HTTP request to the gateway: its headers beside the usual ones, and its body as bytes or as JSON."""

    token: str | None
    body: Any = field(default_factory=call)
    headers: Mapping[str, str] = field(default_factory=dict)
    correlation_id: str = field(default_factory=lambda: f"attack-{secrets.token_hex(8)}")

    @property
    def content(self) -> bytes:
        """The body on the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    @property
    def all_headers(self) -> dict[str, str]:
        """All headers that are sent; those of the attack win."""
        usual = {
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
            "MCP-Protocol-Version": "2025-11-25",
            "X-Correlation-ID": self.correlation_id,
        }
        if self.token is not None:
            usual["Authorization"] = f"Bearer {self.token}"
        return usual | dict(self.headers)


@dataclass(frozen=True, kw_only=True)
class Attacker:
    """What an attacker may have: an agent's genuine token, one of another tenant's agent, and even the pool's key.

    Attributes:
        token: of an agent of acme-corp.
        other_token: of an agent of another tenant.
        key: the pool's private key.
    """

    token: str = field(repr=False)
    other_token: str = field(repr=False)
    key: RSAKey = field(repr=False)

    @cached_property
    def header(self) -> dict[str, Any]:
        """The genuine token's header."""
        return _part(self.token, 0)

    @cached_property
    def claims(self) -> dict[str, Any]:
        """The genuine token's claims."""
        return _part(self.token, 1)

    def forged(self, *, header: Mapping[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        """A token like the genuine one but for some claims (None: without it), header parameters or the key."""
        merged = {name: value for name, value in (self.claims | claims).items() if value is not None}
        head = {name: value for name, value in (self.header | dict(header or {})).items() if value is not None}
        return jwt.encode(head, merged, key or self.key, algorithms=[head["alg"]])

    def with_claims_of_the_other(self) -> str:
        """The genuine signature over the other tenant's claims."""
        head, _, signature = self.token.split(".")
        return f"{head}.{self.other_token.split('.')[1]}.{signature}"


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        name: what it tries.
        send: makes the request.
        status: of the answer.
        error: the JSON-RPC error code of the answer, where the gateway answers a message it has understood.
    """

    name: str
    send: Callable[[Attacker], Sent]
    status: int
    error: int | None = None


def _part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return decoded


def _encoded(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _unsigned(who: Attacker, algorithm: str) -> str:
    """The genuine claims under an algorithm that signs nothing."""
    return f"{_encoded({'alg': algorithm, 'kid': who.header['kid']})}.{who.token.split('.')[1]}."


def _signed_with_the_public_key(who: Attacker) -> str:
    """HS256 with the published key as the secret, which a verifier that trusts `alg` accepts. Libraries refuse to."""
    text = f"{_encoded(who.header | {'alg': 'HS256'})}.{who.token.split('.')[1]}"
    signature = hmac.digest(who.key.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _now() -> int:
    return int(time.time())


def _nested(depth: int) -> bytes:
    """A call whose arguments are nested `depth` deep."""
    inner = b"[" * depth + b"]" * depth
    return (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'
        + ALLOWED.encode()
        + b'","arguments":{"name":'
        + inner
        + b"}}}"
    )


def _with_anothers_context(who: Attacker) -> Sent:
    """Headers that say it is an administrator of the first tenant."""
    context = {name: who.claims[name] for name in ("agent_id", "agent_type", "agent_version", "groups", "environment")}
    headers = {
        "X-Tenant-ID": str(who.claims["tenant_id"]),
        "X-Client-ID": str(who.claims["client_id"]),
        "X-Org-ID": str(who.claims["organization_id"]),
        "X-User-Context": json.dumps(context),
    }
    return Sent(who.other_token, call(OF_OTHERS, operation="list_users"), headers)


TOKENS = (
    Attack("no token", lambda who: Sent(None), 401),
    Attack("garbage", lambda who: Sent("garbage"), 401),
    Attack("alg none", lambda who: Sent(_unsigned(who, "none")), 401),
    Attack("alg None in another case", lambda who: Sent(_unsigned(who, "nOnE")), 401),
    Attack("HS256 with the public key", lambda who: Sent(_signed_with_the_public_key(who)), 401),
    Attack("another key under the right kid", lambda who: Sent(who.forged(key=RSAKey.generate_key(2048))), 401),
    Attack("unknown kid", lambda who: Sent(who.forged(header={"kid": "unknown"})), 401),
    Attack("kid that is a path", lambda who: Sent(who.forged(header={"kid": "../../dev/null"})), 401),
    Attack("key inside the token", lambda who: Sent(_with_its_own_key(who)), 401),
    Attack("tampered claims", lambda who: Sent(who.with_claims_of_the_other()), 401),
    Attack("cut short", lambda who: Sent(who.token[:-10]), 401),
    Attack("expired", lambda who: Sent(who.forged(exp=_now() - 3600, iat=_now() - 7200)), 401),
    Attack("without an end", lambda who: Sent(who.forged(exp=None)), 401),
    Attack("not yet valid", lambda who: Sent(who.forged(nbf=_now() + 3600)), 401),
    Attack("other issuer", lambda who: Sent(who.forged(iss=UNKNOWN_ISSUER)), 401),
    Attack(
        "two Authorization values", lambda who: Sent(None, headers={"Authorization": f"Bearer {who.token}, x"}), 401
    ),
    Attack("Basic credentials", lambda who: Sent(None, headers={"Authorization": "Basic YTpi"}), 401),
    Attack("missing scope", lambda who: Sent(who.forged(scope="elsewhere/read")), 403),
    Attack("client that nobody registered", lambda who: Sent(_of_a_stranger(who)), 403),
    Attack("other environment", lambda who: Sent(who.forged(environment="prod")), 403),
    Attack("without a tenant", lambda who: Sent(who.forged(tenant_id=None)), 403),
    Attack("tenant that is no name", lambda who: Sent(who.forged(tenant_id="acme-corp\r\nX-Admin: 1")), 403),
    Attack("tenant that is a list", lambda who: Sent(who.forged(tenant_id=["acme-corp", "globex"])), 403),
)

TOOLS = (
    Attack("tool of others", lambda who: Sent(who.other_token, call(OF_OTHERS, operation="list_users")), 200, DENIED),
    Attack("tool of others by a forged context", _with_anothers_context, 200, DENIED),
    Attack(
        "operation beyond its own", lambda who: Sent(who.other_token, call(LOGS, operation="query_logs")), 200, DENIED
    ),
    Attack("tool that is not there", lambda who: Sent(who.token, call(f"{TARGET}___no_such_tool")), 200, UNKNOWN),
    Attack("path instead of a target", lambda who: Sent(who.token, call(f"../{ALLOWED}")), 200, UNKNOWN),
)

PROTOCOL = (
    Attack("prompts", lambda who: Sent(who.token, rpc("prompts/list")), 403),
    Attack("one prompt", lambda who: Sent(who.token, rpc("prompts/get", {"name": "x"})), 403),
    Attack("resources", lambda who: Sent(who.token, rpc("resources/list")), 403),
    Attack("one resource", lambda who: Sent(who.token, rpc("resources/read", {"uri": "file:///etc/passwd"})), 403),
    Attack("resource templates", lambda who: Sent(who.token, rpc("resources/templates/list")), 403),
    Attack("subscription", lambda who: Sent(who.token, rpc("resources/subscribe", {"uri": "s3://x"})), 403),
    Attack("completion", lambda who: Sent(who.token, rpc("completion/complete")), 403),
    Attack("log level", lambda who: Sent(who.token, rpc("logging/setLevel", {"level": "debug"})), 403),
    Attack("unknown method", lambda who: Sent(who.token, rpc("admin/tools")), 403),
    Attack("tenant in the arguments", lambda who: Sent(who.token, call(name="Ada", tenant_id="globex")), 403),
    Attack("batch", lambda who: Sent(who.token, [call(), call()]), 400),
    Attack("empty batch", lambda who: Sent(who.token, []), 400),
    Attack("no JSON", lambda who: Sent(who.token, b"{"), 400),
    Attack("nothing", lambda who: Sent(who.token, b""), 400),
    Attack("a number", lambda who: Sent(who.token, b"1"), 400),
    Attack("other JSON-RPC", lambda who: Sent(who.token, call() | {"jsonrpc": "1.0"}), 400),
    Attack("method that is a path", lambda who: Sent(who.token, rpc("tools/../admin")), 400),
    Attack("method that is a number", lambda who: Sent(who.token, call() | {"method": 7}), 400),
    Attack("id that is an object", lambda who: Sent(who.token, call() | {"id": {"a": 1}}), 400),
    Attack("params that are a list", lambda who: Sent(who.token, call() | {"params": [1]}), 400),
    Attack("duplicate method", lambda who: Sent(who.token, _twice("method", "tools/list")), 400),
    Attack("duplicate tool", lambda who: Sent(who.token, _second_name()), 400),
    Attack("NaN", lambda who: Sent(who.token, b'{"jsonrpc":"2.0","id":NaN,"method":"tools/list"}'), 400),
    Attack("invalid UTF-8", lambda who: Sent(who.token, b'{"jsonrpc":"2.0","id":1,"method":"tools/\xff\xfe"}'), 400),
    Attack("lone surrogate", lambda who: Sent(who.token, b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}'), 400),
    Attack("deep nesting", lambda who: Sent(who.token, _nested(200)), 413),
    Attack("very deep nesting", lambda who: Sent(who.token, _nested(100_000)), 400),
    Attack("oversized body", lambda who: Sent(who.token, call(name="A" * 1_100_000)), 413),
)


def _with_its_own_key(who: Attacker) -> str:
    """A token that brings the key to check it with."""
    own = RSAKey.generate_key(2048)
    return who.forged(header={"jwk": own.as_dict(private=False)}, key=own)


def _of_a_stranger(who: Attacker) -> str:
    """What the pool would issue to a client made by hand, if its trigger let it: none of the claims."""
    ours = ("tenant_id", "organization_id", "agent_id", "agent_type", "agent_version", "groups", "permissions")
    return who.forged(client_id="stranger", sub="stranger", environment=None, **dict.fromkeys(ours))


def _twice(key: str, value: str) -> bytes:
    """A request with a key that comes twice: one for the checker, one for the server."""
    return json.dumps(rpc("ping")).encode()[:-1] + f', "{key}": "{value}"}}'.encode()


def _second_name() -> bytes:
    """A call that names an allowed tool first, and another tenant's after it."""
    params = f'{{"name": "{ALLOWED}", "arguments": {{"name": "Ada"}}, "name": "{OF_OTHERS}"}}'
    return f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}'.encode()
