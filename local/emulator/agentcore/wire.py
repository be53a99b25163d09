"""REST-JSON for the operations of AgentCore: which one a request means, and how its answer looks.

Paths, places of members and timestamp formats come from botocore's models of `bedrock-agentcore-control` and
`bedrock-agentcore`, so that an unmodified client understands the answers.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from local.emulator.agentcore.errors import ApiError, invalid
from local.emulator.agentcore.validation import check
from local.emulator.responses import Response


@dataclass(frozen=True)
class Route:
    """One operation and the requests that mean it."""

    operation: OperationModel

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The request path with a group per label; the last slash is optional."""
        uri = self.operation.http["requestUri"].rstrip("/")
        labels = re.sub(r"\{(\w+)\+?\}", r"(?P<\1>.+)" if "{resourceArn}" in uri else r"(?P<\1>[^/]+)", uri)
        return re.compile(labels + "/?")

    def labels(self, method: str, path: str) -> dict[str, str] | None:
        """The path's labels when the request means this operation."""
        match = self.pattern.fullmatch(path) if method == self.operation.http["method"] else None
        return None if match is None else {name: unquote(value) for name, value in match.groupdict().items()}

    def members(self, labels: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The request's members in path and body, unchecked: an unreadable body has none."""
        try:
            return {**_json(body), **labels} if body else dict(labels)
        except ApiError:
            return dict(labels)

    def read(self, labels: Mapping[str, str], query: Mapping[str, list[str]], body: bytes) -> dict[str, Any]:
        """The request's members, checked. Raises ApiError."""
        shape: StructureShape = self.operation.input_shape  # type: ignore[assignment]  # each operation has one
        request = _json(body) if body else {}
        for name, member in shape.members.items():
            place = member.serialization.get("location")
            wire_name = member.serialization.get("name", name)
            if place == "uri":
                request[name] = labels[wire_name]
            elif place == "querystring" and wire_name in query:
                request[name] = _from_query(query[wire_name], member)
        check(request, shape)
        return request

    def write(self, answer: Mapping[str, Any]) -> Response:
        """The successful response."""
        shape = self.operation.output_shape
        body = json.dumps(_to_json(answer, shape)).encode() if shape and shape.members else b""
        return self.operation.http["responseCode"], {"Content-Type": "application/json"}, body


def routes(operations: Iterable[str]) -> list[Route]:
    """The routes of the named operations of the control plane and the data plane."""
    session = botocore.session.get_session()
    models = [session.get_service_model(name) for name in ("bedrock-agentcore-control", "bedrock-agentcore")]
    return [
        Route(next(model for model in models if name in model.operation_names).operation_model(name))
        for name in operations
    ]


def error_response(error: ApiError) -> Response:
    """The response for an error of the API."""
    body: dict[str, Any] = {"message": error.message}
    if error.code == "ValidationException":
        body["reason"] = "FieldValidationFailed"
    headers = {"Content-Type": "application/json", "x-amzn-errortype": error.code}
    return error.status, headers, json.dumps(body).encode()


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise invalid("The request body is not JSON") from error
    if not isinstance(parsed, dict):
        raise invalid("The request body is not a JSON object")
    return parsed


def _from_query(values: list[str], shape: Shape) -> Any:
    if isinstance(shape, ListShape):
        return values
    if shape.type_name == "integer":
        return int(values[0]) if values[0].lstrip("-").isdecimal() else values[0]
    return values[0]


def _to_json(value: Any, shape: Shape) -> Any:
    """`value` with only the members that the model has, timestamps as the model writes them."""
    if value is None or (isinstance(shape, StructureShape) and shape.is_document_type):
        return value
    if isinstance(shape, StructureShape):
        members = {name: (value[name], member) for name, member in shape.members.items() if name in value}
        return {name: _to_json(item, member) for name, (item, member) in members.items() if item is not None}
    if isinstance(shape, ListShape):
        return [_to_json(item, shape.member) for item in value]
    if isinstance(shape, MapShape):
        return {key: _to_json(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime.datetime):
        iso = shape.serialization.get("timestampFormat") == "iso8601"
        return value.isoformat().replace("+00:00", "Z") if iso else value.timestamp()
    return value
