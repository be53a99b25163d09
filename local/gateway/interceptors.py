"""A gateway's interceptors: the deployed Lambda functions, invoked as its execution role with AgentCore's events.

- The REQUEST interceptor gets every MCP message before anything else judges it: the body as text
  (`rawGatewayRequest`) and as JSON, the headers with passRequestHeaders. It answers with the request to go on with, or
  with the response to give instead.
- The RESPONSE interceptor gets the request as it went on and the response, also a response that the other one gave.
- An interceptor that fails, or whose answer is not of the documented form, ends the request with status 500: what it
  would have refused never passes. AgentCore takes nothing but the documented members, as deployed gateways show.

Sources: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-interceptors-types.html,
gateway-interceptors-configuration.html, gateway-interceptors-permissions.html; for headers gateway-headers.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.gateway.aws import ExecutionRole
from local.gateway.configuration import InterceptorRecord

VERSION = "1.0"
MAX_EVENT_BYTES = 6 * 1024 * 1024
"""Largest event of a function that is waited for (Lambda quotas); it holds the body twice."""

MAX_HEADER_BYTES = 4096
_HEADER_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_INVALID = "Received invalid response from interceptor"


class InterceptorError(Exception):
    """An interceptor that did not answer as it has to; the message names the function and never holds a body."""


@dataclass(frozen=True, kw_only=True)
class Intercepted:
    """A request on its way through the interceptors; `raw` is the body as it came, `body` as it is now."""

    path: str
    method: str
    headers: Mapping[str, str]
    raw: str
    body: Any


@dataclass(frozen=True, kw_only=True)
class NewRequest:
    """What the REQUEST interceptor goes on with; `headers` are only those that it set."""

    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NewResponse:
    """What an interceptor answers the caller with; `status` and `headers` None or empty leave them as they are."""

    body: dict[str, Any]
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Interceptor:
    """One deployed function at an interception point."""

    def __init__(self, *, record: InterceptorRecord, role: ExecutionRole) -> None:
        self._record = record
        self._role = role

    async def request(self, request: Intercepted) -> NewRequest | NewResponse:
        """Ask at REQUEST; raises InterceptorError."""
        answer = await self._ask(self._event(request) | {"gatewayResponse": None})
        if answer.get("transformedGatewayResponse") is not None:
            return self._response(answer["transformedGatewayResponse"], status_needed=True)
        new = self._members(answer.get("transformedGatewayRequest"), {"headers", "body"})
        return NewRequest(body=self._body(new), headers=self._headers(new))

    async def response(
        self,
        request: Intercepted,
        *,
        body: Any,
        status: int | None,
        headers: Mapping[str, str] | None,
        streaming: bool,
    ) -> NewResponse:
        """Ask at RESPONSE; raises InterceptorError.

        `status` and `headers` are None for every event of a stream but the first, as they have been sent by then.
        """
        given: dict[str, Any] = {"isStreamingResponse": streaming, "body": body}
        if status is not None:
            given |= {"statusCode": status, "headers": dict(headers or {})}
        answer = await self._ask(self._event(request) | {"gatewayResponse": given})
        return self._response(answer.get("transformedGatewayResponse"), status_needed=False)

    def _event(self, request: Intercepted) -> dict[str, Any]:
        described: dict[str, Any] = {"path": request.path, "httpMethod": request.method}
        if self._record.pass_headers:
            described["headers"] = dict(request.headers)
        return {"rawGatewayRequest": {"body": request.raw}, "gatewayRequest": described | {"body": request.body}}

    async def _ask(self, mcp: dict[str, Any]) -> dict[str, Any]:
        """Invoke the function and return the `mcp` member of its answer."""
        try:
            event = json.dumps({"interceptorInputVersion": VERSION, "mcp": mcp}).encode()
        except (ValueError, RecursionError) as error:
            raise self._failed("the event cannot be written as JSON") from error
        if len(event) > MAX_EVENT_BYTES:
            raise self._failed(f"the event has {len(event)} bytes, Lambda takes {MAX_EVENT_BYTES}")
        payload = await self._role.invocations.run(self._invoke, event)
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise self._failed(f"{_INVALID}: it is not JSON") from error
        if not isinstance(answer, dict) or answer.get("interceptorOutputVersion") != VERSION:
            raise self._failed(f"{_INVALID}: interceptorOutputVersion is not {VERSION}")
        found = answer.get("mcp")
        if not isinstance(found, dict):
            raise self._failed(f"{_INVALID}: it has no member mcp")
        return found

    def _invoke(self, event: bytes) -> bytes:
        try:
            answer = self._role.lambda_client().invoke(
                FunctionName=self._record.function_arn, InvocationType="RequestResponse", Payload=event
            )
            payload = answer["Payload"].read()
        except ClientError as error:
            raise self._failed(f"it could not be invoked: {error.response['Error']['Code']}") from error
        except BotoCoreError as error:
            raise self._failed(f"it could not be invoked: {type(error).__name__}") from error
        if "FunctionError" in answer:
            raise self._failed("it failed; its log says why")
        return payload

    def _response(self, found: Any, *, status_needed: bool) -> NewResponse:
        new = self._members(found, {"statusCode", "headers", "body"})
        status = new.get("statusCode")
        # Not isinstance, to which True is a number.
        if (status is not None or status_needed) and (type(status) is not int or not 200 <= status <= 599):
            raise self._failed(f"{_INVALID}: statusCode is not a number from 200 to 599")
        return NewResponse(body=self._body(new), status=status, headers=self._headers(new))

    def _members(self, found: Any, allowed: set[str]) -> dict[str, Any]:
        if not isinstance(found, dict):
            raise self._failed(f"{_INVALID}: it holds neither a request nor a response")
        if unknown := found.keys() - allowed:
            raise self._failed(f"{_INVALID}: {min(unknown, key=str)!r} is not among {', '.join(sorted(allowed))}")
        return found

    def _body(self, new: Mapping[str, Any]) -> dict[str, Any]:
        body = new.get("body")
        if not isinstance(body, dict):
            raise self._failed(f"{_INVALID}: body is not a JSON object")
        return body

    def _headers(self, new: Mapping[str, Any]) -> dict[str, str]:
        headers = new.get("headers")
        if headers is None:
            return {}
        if not isinstance(headers, dict):
            raise self._failed(f"{_INVALID}: headers is not a JSON object")
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name):
                raise self._failed(f"{_INVALID}: a header's name has other characters than A-Z, a-z, 0-9, - and _")
            if not isinstance(value, str) or not value.isascii() or not (value.isprintable() or not value):
                raise self._failed(f"{_INVALID}: header {name} is not printable ASCII")
            if len(value) > MAX_HEADER_BYTES:
                raise self._failed(f"{_INVALID}: header {name} has more than {MAX_HEADER_BYTES} bytes")
        return {name.lower(): value for name, value in headers.items()}

    def _failed(self, why: str) -> InterceptorError:
        return InterceptorError(f"interceptor {self._record.function_arn}: {why}")
