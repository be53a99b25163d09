"""What the gateway gives an interceptor and takes from it.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-interceptors-types.html. Assumed, because that
page does not say: the raw body is a text; headers are a flat map of texts, in any case; a response interceptor's
`gatewayRequest` holds the headers that the request interceptor set. The page does say that the response interceptor
runs after a request interceptor's own answer, too.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from governance.refusals import RefusedError

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_ON_BEHALF_OF = re.compile(r"[A-Za-z0-9+=,.@_/:-]{1,256}")
_VERSION_7 = 7

Json = dict[str, Any]


@dataclass(frozen=True)
class Ids:
    """The ids of a call.

    Attributes:
        request_id: Ours, always new: a UUID of version 7 (RFC 9562 §5.7), whose time is the call's beginning.
        correlation_id: The caller's, when it has a form that can stand in a header and a log; else the request's.
    """

    request_id: str
    correlation_id: str

    @classmethod
    def new(cls, headers: Mapping[str, str]) -> Self:
        """The ids of a call that begins.

        Args:
            headers: Header names in lower case to values.
        """
        request_id = _new_id()
        given = headers.get("x-correlation-id", "")
        return cls(request_id, given if _CORRELATION_ID.fullmatch(given) else request_id)

    @classmethod
    def of(cls, headers: Mapping[str, str], error: Any) -> Self:
        """The ids of a call that ends.

        Args:
            headers: Header names in lower case to values, with those that the request interceptor set.
            error: The `error` of the answer, if the request interceptor may have made it: a refused call's headers
                are still the caller's own. None when it let the call through; what an answer says counts for nothing
                then.
        """
        data = error.get("data") if isinstance(error, dict) else None
        for source in (data if isinstance(data, dict) else {}, _underscored(headers)):
            request_id, correlation_id = source.get("request_id"), str(source.get("correlation_id"))
            if started_at(request_id) is not None and _CORRELATION_ID.fullmatch(correlation_id):
                return cls(str(request_id), correlation_id)
        return cls.new(headers)

    def headers(self) -> dict[str, str]:
        """The headers that carry them."""
        return {"X-Request-ID": self.request_id, "X-Correlation-ID": self.correlation_id}


def started_at(request_id: object) -> float | None:
    """When a call with this id began, in seconds since 1970; None when it is no id of ours."""
    try:
        found = uuid.UUID(request_id) if isinstance(request_id, str) else None
    except ValueError:
        found = None
    return (found.int >> 80) / 1000 if found and found.version == _VERSION_7 else None


def _new_id() -> str:
    """RFC 9562 §5.7: 48 bits of milliseconds since 1970, version and variant, 74 random bits."""
    random = int.from_bytes(os.urandom(10)) & ~(0xF << 76 | 0x3 << 62)
    return str(uuid.UUID(int=time.time_ns() // 1_000_000 << 80 | _VERSION_7 << 76 | 0x2 << 62 | random))


def _underscored(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("x-").replace("-", "_"): value for name, value in headers.items() if name.startswith("x-")
    }


def lower_headers(headers: object) -> dict[str, str]:
    """Header names in lower case to values; empty when the gateway passed none.

    Raises:
        RefusedError: A header is no text, or came twice with different values: then it depends on the reader which of
            them counts.
    """
    found: dict[str, str] = {}
    if headers is None:
        return found
    if not isinstance(headers, Mapping):
        raise RefusedError("event")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise RefusedError("event")
        if found.setdefault(name.lower(), value) != value:
            raise RefusedError("header_mismatch")
    return found


def on_behalf_of(headers: Mapping[str, str]) -> str | None:
    """Whom the agent says it calls for, as `role/finance-team`; None when that cannot stand in a log.

    Nothing but the record holds it: it is the caller's word, and no token proves it.

    Args:
        headers: Header names in lower case to values.
    """
    said = headers.get("x-on-behalf-of", "")
    return said if _ON_BEHALF_OF.fullmatch(said) else None


def source_ip(context: Any) -> str | None:
    """The caller's address, where the gateway passes it in the client context."""
    custom = getattr(getattr(context, "client_context", None), "custom", None)
    found = custom.get("SOURCE_IP") if isinstance(custom, Mapping) else None
    return found[:64] if isinstance(found, str) else None


def passed_on(headers: Mapping[str, str], body: Mapping[str, Any]) -> Json:
    """The answer of a request interceptor that lets a call through, with these headers and this body."""
    return _output({"transformedGatewayRequest": {"headers": {**headers}, "body": {**body}}})


def answered(body: Any, *, status: int | None = None, headers: Mapping[str, str] | None = None) -> Json:
    """The answer of an interceptor that says what the caller gets; status and headers stay as they are when None."""
    kept = {"statusCode": status, "headers": dict(headers) if headers else None}
    members = {name: value for name, value in kept.items() if value is not None}
    return _output({"transformedGatewayResponse": {**members, "body": body}})


def refused(error: RefusedError, ids: Ids) -> Json:
    """The answer of an interceptor that refuses: a JSON-RPC error under the request's id."""
    rule = error.rule
    headers = {"Content-Type": "application/json", **ids.headers()}
    if rule.bearer:
        headers["WWW-Authenticate"] = f'Bearer error="{rule.bearer}"'
    data = {"reason": rule.bearer or error.reason, "request_id": ids.request_id, "correlation_id": ids.correlation_id}
    body = {
        "jsonrpc": "2.0",
        "id": error.message_id,
        "error": {"code": rule.code, "message": rule.message, "data": data},
    }
    return answered(body, status=rule.status, headers=headers)


def refused_http(ids: Ids) -> Json:
    """The answer to an event of an HTTP or inference target, which this platform's gateway does not have."""
    import base64  # noqa: PLC0415 - no such event comes while the gateway is as its template says

    body = json.dumps({"message": "Only MCP is served here", "request_id": ids.request_id}).encode()
    response = {
        "statusCode": 403,
        "contentType": "application/json",
        "headers": ids.headers(),
        "body": base64.b64encode(body).decode(),
    }
    return {"interceptorOutputVersion": "1.0", "http": {"transformedGatewayResponse": response}}


def _output(mcp: Json) -> Json:
    return {"interceptorOutputVersion": "1.0", "mcp": mcp}
