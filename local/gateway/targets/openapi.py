"""OpenAPI targets: a tool call becomes an HTTP request to the service, its answer the tool's result.

Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-schema-openapi.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import anyio
import httpx2
from mcp_types import CallToolResult, TextContent

from local.gateway.credentials import CallAuth, CredentialSource, credential_source, overridden
from local.gateway.outbound import Outbound, silence
from local.gateway.targets.context import TargetContext, read_schema
from local.gateway.targets.interface import (
    MAX_PAYLOAD_BYTES,
    Target,
    TargetError,
    ToolAnswer,
    ToolCall,
    UnusableTargetError,
    propagated_headers,
    propagated_query,
    returned_headers,
)
from local.gateway.targets.openapi_document import WHOLE_BODY, Operation, UnsupportedDocumentError, read_document

_SHOWN_OF_ERROR = 10_000
"""Characters of a service's error that a model gets to read."""


async def build(context: TargetContext) -> Target:
    """Return the target that the record describes; raises UnusableTargetError for a document that cannot be served."""
    record = context.record
    text = await read_schema(context, record.configuration)
    try:
        operations = await anyio.to_thread.run_sync(read_document, text)
    except UnsupportedDocumentError as error:
        raise UnusableTargetError(f"target {record.name}: its OpenAPI document cannot be served: {error}") from error
    source = credential_source(record, region=context.aws.region, role=context.role, vault=context.vault)
    return OpenApiTarget(context=context, operations=operations, credentials=source)


class OpenApiTarget:
    """One REST API with its operations."""

    def __init__(
        self, *, context: TargetContext, operations: tuple[Operation, ...], credentials: CredentialSource
    ) -> None:
        self.name = context.record.name
        self.tools = tuple(operation.tool for operation in operations)
        self._record = context.record
        self._operations = {operation.tool.name: operation for operation in operations}
        self._credentials = credentials
        self._outbound = context.outbound

    async def call(self, call: ToolCall) -> ToolAnswer:
        """Send the operation's request and wait for its answer."""
        operation = self._operations[call.tool.name]
        try:
            request = _request(operation, call.arguments)
        except ValueError as error:
            return ToolAnswer(result=_error(str(error)))
        # The operation's own parameters win over what is propagated, and the credential over both.
        request.headers = propagated_headers(self._record, call) | request.headers
        request.query = {**propagated_query(self._record, call), **request.query}
        auth = overridden(await self._credentials.for_call(), call.authorization)
        try:
            response, body = await _exchange(self._outbound, request, auth)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise TargetError(f"{self._place(operation)} did not answer: {silence(error)}") from error
        try:
            text = auth.blotted(body.decode(response.charset_encoding or "utf-8"))
        except (UnicodeDecodeError, LookupError) as error:
            raise TargetError(f"{self._place(operation)} did not answer with text.") from error
        headers = {
            name: auth.blotted(value) for name, value in returned_headers(self._record, response.headers).items()
        }
        if response.is_success:
            return ToolAnswer(result=CallToolResult(content=[TextContent(text=text)]), headers=headers)
        status = f"{response.status_code} {response.reason_phrase}".strip()
        said = f": {text[:_SHOWN_OF_ERROR]}" if text else ""
        return ToolAnswer(result=_error(f"{self._place(operation)} answered {status}{said}"), headers=headers)

    def _place(self, operation: Operation) -> str:
        return f"{operation.method} {operation.path} of target {self.name}"


class _Request:
    """A request on its way from arguments to HTTP."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.url = ""
        self.query: dict[str, str | list[str]] = {}
        self.headers: dict[str, str] = {}
        self.content: bytes | None = None


def _request(operation: Operation, arguments: Mapping[str, Any]) -> _Request:
    """Return the request for a call; raises ValueError with a sentence for the model about an argument."""
    path = operation.path
    request = _Request(operation.method)
    for parameter in operation.parameters:
        if parameter.name not in arguments:
            continue
        value = arguments[parameter.name]
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", _path_segment(parameter.name, value))
        elif parameter.place == "header":
            request.headers[parameter.name] = _header_value(parameter.name, value)
        elif isinstance(value, list) and parameter.explode:
            request.query[parameter.name] = [_text(item) for item in value]
        else:
            request.query[parameter.name] = _text(value)
    request.url = f"{operation.server}{path}"
    given = {name: arguments[name] for name in operation.body if name in arguments}
    if given:
        request.content = json.dumps(given[WHOLE_BODY] if operation.whole_body else given).encode()
        request.headers["Content-Type"] = "application/json"
    return request


def _path_segment(name: str, value: Any) -> str:
    text = _text(value)
    # Such segments would lead to another path of the service, since URLs are normalized (RFC 3986, section 5.2.4).
    if text in {"", ".", ".."}:
        raise ValueError(f"Argument '{name}' must not be empty, '.' or '..', as it is part of the address.")
    return quote(text, safe="")


def _header_value(name: str, value: Any) -> str:
    text = _text(value)
    if not text.isascii() or not text.isprintable():
        raise ValueError(f"Argument '{name}' goes into a header: it must be printable ASCII.")
    return text


def _text(value: Any) -> str:
    """A value as OpenAPI's styles `simple` and `form` write it."""
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)


async def _exchange(outbound: Outbound, request: _Request, auth: CallAuth) -> tuple[httpx2.Response, bytes]:
    """Send the request and read at most what a gateway carries; raises TargetError beyond, or httpx2's HTTPError."""
    headers = {"Accept": "application/json"} | request.headers
    url = httpx2.URL(request.url).copy_merge_params(request.query)
    async with (
        outbound.client(request.url, auth=auth, headers=headers) as client,
        client.stream(request.method, url, content=request.content) as response,
    ):
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_PAYLOAD_BYTES:
                raise TargetError(f"The answer has more than {MAX_PAYLOAD_BYTES} bytes, what a gateway carries.")
        return response, bytes(body)


def _error(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)
