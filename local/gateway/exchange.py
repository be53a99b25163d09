"""One POST to the gateway: its body is read once, and what was made of it is handed on in its place.

What the gateway judges is the parsed message, and what it hands on is that message written anew: the MCP server never
parses the caller's bytes, so a message that two parsers understand differently is nothing to be had from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mcp_types import INVALID_REQUEST, PARSE_ERROR
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from local.gateway.answers import MessageId
from local.gateway.interceptors import Intercepted
from local.gateway.targets.interface import MAX_PAYLOAD_BYTES
from local.headers import restricted

_FORWARDED_KEY = "foundation.authorization"
MAX_DEPTH = 500
"""How deep a message may nest. AgentCore's own bound is not published; beyond this one it could not be handed on."""

_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"content-encoding"})


class BodyError(Exception):
    """A body that is no message. AgentCore's interceptors do not see it: there is nothing to tell them."""

    def __init__(self, *, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class ClientGoneError(Exception):
    """The client went away before its body was complete."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request with its message: `raw` is the body as it came, `message` what it says now."""

    scope: Scope
    receive: Receive
    raw: str
    message: Any

    @property
    def message_id(self) -> MessageId:
        """The id of the JSON-RPC request, None when it has none that may be repeated."""
        found = self.message.get("id") if isinstance(self.message, dict) else None
        return found if isinstance(found, str | int) and not isinstance(found, bool) else None

    @property
    def method(self) -> str | None:
        """The JSON-RPC method, None when the message names none."""
        found = self.message.get("method") if isinstance(self.message, dict) else None
        return found if isinstance(found, str) else None

    @property
    def tool(self) -> str | None:
        """The tool that the message calls, None when it calls none."""
        name = self._params.get("name") if self.method == "tools/call" else None
        return name if isinstance(name, str) else None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments of the call; what is no JSON object the MCP server refuses."""
        found = self._params.get("arguments")
        return found if isinstance(found, dict) else {}

    @property
    def _params(self) -> Mapping[str, Any]:
        found = self.message.get("params") if isinstance(self.message, dict) else None
        return found if isinstance(found, dict) else {}

    def intercepted(self) -> Intercepted:
        """Return what interceptors learn of the request."""
        headers: dict[str, str] = {}
        for name, value in Headers(scope=self.scope).items():
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Intercepted(
            path=self.scope["path"],
            method=self.scope["method"],
            headers=headers,
            raw=self.raw,
            body=self.message,
        )

    def changed(self, message: Any, headers: Mapping[str, str]) -> Exchange:
        """Return the request with another message, and with headers that take the place of the caller's.

        Headers that no target can be allowed to get are dropped, as is what steers the protocol. `authorization`
        reaches the target all the same, and it alone (devguide, gateway-headers, "Authorization header override").
        """
        taken = {
            name: value for name, value in headers.items() if not restricted([name]) and not name.startswith("mcp-")
        }
        kept = [(name, value) for name, value in self.scope["headers"] if name.decode("latin-1") not in taken]
        added = [(name.encode(), value.encode()) for name, value in taken.items()]
        scope = {**self.scope, "headers": kept + added, _FORWARDED_KEY: headers.get("authorization")}
        return replace(self, scope=scope, message=message)

    def replayed(self) -> tuple[Scope, Receive]:
        """Return scope and channel of the request with the message as its body."""
        body = json.dumps(self.message, separators=(",", ":")).encode()
        headers = [(name, value) for name, value in self.scope["headers"] if name not in _FRAMING]
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return pending.pop() if pending else await self.receive()

        headers.append((b"content-length", str(len(body)).encode()))
        return {**self.scope, "headers": headers}, receive


def forwarded_authorization(scope: Scope) -> str | None:
    """Return the Authorization header that an interceptor set for the target."""
    found: str | None = scope.get(_FORWARDED_KEY)
    return found


async def read_exchange(scope: Scope, receive: Receive) -> Exchange:
    """Read a request's body; raises BodyError or ClientGoneError."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body += message.get("body", b"")
        if len(body) > MAX_PAYLOAD_BYTES:
            sentence = f"The request has more than {MAX_PAYLOAD_BYTES} bytes"
            raise BodyError(status=413, code=INVALID_REQUEST, message=sentence)
        more = message.get("more_body", False)
    try:
        raw = body.decode("utf-8")
        parsed = json.loads(raw, parse_constant=_no_number, parse_float=_finite)
        if raw.count("{") + raw.count("[") > MAX_DEPTH and _depth(parsed) > MAX_DEPTH:
            raise ValueError(f"it nests deeper than {MAX_DEPTH} levels")
    except (ValueError, RecursionError) as error:
        raise BodyError(status=400, code=PARSE_ERROR, message="Parse error - Invalid JSON format") from error
    return Exchange(scope=scope, receive=receive, raw=raw, message=parsed)


def _depth(value: Any) -> int:
    """How many objects and lists lie in one another."""
    deepest = 0
    waiting = [(value, 1)]
    while waiting:
        found, depth = waiting.pop()
        if isinstance(found, dict | list):
            deepest = max(deepest, depth)
            waiting += [(member, depth + 1) for member in (found.values() if isinstance(found, dict) else found)]
    return deepest


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON (RFC 8259 section 6)")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large to be handed on")
    return number
