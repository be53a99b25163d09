"""The tools that AgentCore makes of an OpenAPI document: one for each operation, named by its operationId.

A tool takes the operation's parameters and the properties of its JSON body as arguments, side by side.
Sources: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-schema-openapi.html (what is supported),
OpenAPI 3.0.3 and 3.1.0 (what it means).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from local.gateway.outbound import address_problem
from local.gateway.targets.interface import ToolDefinition

Place = Literal["path", "query", "header"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PLACES = {"path": "simple", "query": "form", "header": "simple"}
"""Where a parameter may be, with the only serialization that AgentCore knows there."""
_COMPOSED = ("oneOf", "anyOf", "allOf")
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""Header parameters without effect (OpenAPI 3.0.3, section 4.7.12.1)."""
_NOT_JSON_SCHEMA = frozenset({"example", "externalDocs", "xml", "discriminator", "deprecated", "nullable"})
_TEMPLATED = re.compile(r"\{([^{}]+)\}")
_JSON = "application/json"
WHOLE_BODY = "body"
"""The argument that is the body, when the body is no object with properties."""


class UnsupportedDocumentError(Exception):
    """A document that is no OpenAPI or more than AgentCore supports; the message says where and what."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One argument that goes into the address or the headers. An array in the query is repeated when `explode`."""

    name: str
    place: Place
    explode: bool


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation with its tool: `body` names the arguments that its JSON body is made of."""

    tool: ToolDefinition
    method: str
    server: str
    path: str
    parameters: tuple[Parameter, ...]
    body: tuple[str, ...]
    whole_body: bool = False


def read_document(text: str) -> tuple[Operation, ...]:
    """Return the operations of an OpenAPI document, JSON or YAML; raises UnsupportedDocumentError."""
    document = _parsed(text)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith(("3.0", "3.1")):
        raise UnsupportedDocumentError("its member openapi is not 3.0 or 3.1")
    try:
        operations = tuple(_operations(document))
    except (AttributeError, KeyError, TypeError) as error:
        raise UnsupportedDocumentError(f"it is no valid OpenAPI ({error!r}); a validator tells where") from error
    names = [operation.tool.name for operation in operations]
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise UnsupportedDocumentError(f"operationId {', '.join(doubles)} stands in it more than once")
    return operations


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass  # not JSON: YAML, which PyYAML does not read JSON as when that is indented by tabs
    try:
        # Dates and keys that are numbers become text, as they are in JSON.
        return json.loads(json.dumps(yaml.safe_load(text), default=str))
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise UnsupportedDocumentError(f"it is neither JSON nor YAML: {error}") from error


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    inline = _Inliner(document)
    for path, item in document["paths"].items():
        if "$ref" in item:
            raise UnsupportedDocumentError(f"{path} is a reference; write its operations out")
        for method in _METHODS:
            if method not in item:
                continue
            operation = item[method]
            where = f"{method.upper()} {path}"
            if not operation.get("operationId"):
                raise UnsupportedDocumentError(f"{where} has no operationId, which names the tool")
            servers = operation.get("servers") or item.get("servers") or document.get("servers") or [{"url": ""}]
            shared = [*item.get("parameters", ()), *operation.get("parameters", ())]
            yield _operation(
                operation,
                method=method.upper(),
                path=path,
                server=_server(servers[0]["url"], where),
                parameters=[inline(parameter, where) for parameter in shared],
                body=inline(operation["requestBody"], where) if "requestBody" in operation else None,
            )


def _server(url: str, where: str) -> str:
    if "{" in url:
        raise UnsupportedDocumentError(f"the server {url!r} of {where} has variables; write the address out")
    if problem := address_problem(url):
        raise UnsupportedDocumentError(f"the server of {where}: {problem}")
    return url.rstrip("/")


def _operation(
    operation: Mapping[str, Any],
    *,
    method: str,
    path: str,
    server: str,
    parameters: list[Mapping[str, Any]],
    body: Mapping[str, Any] | None,
) -> Operation:
    where = f"{method} {path}"
    # What an operation says of a parameter takes the place of what its path says.
    merged = {(parameter["name"], parameter["in"]): parameter for parameter in parameters}
    placed = {key: each for key, each in merged.items() if key[1] != "header" or key[0].lower() not in _IGNORED_HEADERS}
    if missing := sorted(set(_TEMPLATED.findall(path)) - {name for name, place in placed if place == "path"}):
        raise UnsupportedDocumentError(f"{where} has no path parameter {', '.join(missing)}")
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    required: list[str] = []
    for (name, place), parameter in placed.items():
        _add(schema, name, _parameter_schema(parameter, where), where)
        if parameter.get("required") or place == "path":
            required.append(name)
    fields, needed, whole = _add_body(schema, body, where) if body is not None else ((), [], False)
    if required or needed:
        schema["required"] = required + needed
    description = operation.get("description") or operation.get("summary") or operation["operationId"]
    return Operation(
        tool=ToolDefinition(name=operation["operationId"], description=description, input_schema=schema),
        method=method,
        server=server,
        path=path,
        parameters=tuple(
            Parameter(name=name, place=place, explode=parameter.get("explode", place == "query"))
            for (name, place), parameter in placed.items()
        ),
        body=fields,
        whole_body=whole,
    )


def _parameter_schema(parameter: Mapping[str, Any], where: str) -> dict[str, Any]:
    name, place = parameter["name"], parameter["in"]
    if place not in _PLACES:
        raise UnsupportedDocumentError(f"parameter {name!r} of {where} goes into a {place}, which is not supported")
    schema = _json_schema(parameter.get("schema", {}), f"parameter {name!r} of {where}")
    if "content" in parameter or parameter.get("style", _PLACES[place]) != _PLACES[place]:
        raise UnsupportedDocumentError(
            f"parameter {name!r} of {where} has a serialization of its own, which is not supported"
        )
    if schema.get("type") == "object":
        raise UnsupportedDocumentError(f"parameter {name!r} of {where} is an object, which only a body can be")
    return {"description": parameter["description"]} | schema if "description" in parameter else schema


def _add_body(schema: dict[str, Any], body: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], list[str], bool]:
    """Add the body's arguments to a tool's schema; return their names, the needed ones, and if one is all of it."""
    if _JSON not in body["content"]:
        raise UnsupportedDocumentError(f"the body of {where} is no {_JSON}, which is all that a gateway sends")
    content = _json_schema(body["content"][_JSON].get("schema", {}), f"the body of {where}")
    needed = bool(body.get("required"))
    if content.get("type", "object") != "object" or not content.get("properties"):
        _add(schema, WHOLE_BODY, content, where)
        return (WHOLE_BODY,), [WHOLE_BODY] if needed else [], True
    for name, each in content["properties"].items():
        _add(schema, name, each, where)
    return tuple(content["properties"]), list(content.get("required", ())) if needed else [], False


def _add(schema: dict[str, Any], name: str, each: dict[str, Any], where: str) -> None:
    if name in schema["properties"]:
        raise UnsupportedDocumentError(
            f"{where} takes {name!r} in two places, and a tool has one argument of a name; rename one"
        )
    schema["properties"][name] = each


def _json_schema(schema: Any, where: str) -> dict[str, Any]:
    """Turn a schema of OpenAPI 3.0 or 3.1 into one of JSON Schema; 3.1's is one already."""
    for word in _COMPOSED:
        if word in schema:
            raise UnsupportedDocumentError(f"{where} uses {word}, which is not supported; write the schema out")
    found = {key: value for key, value in schema.items() if key not in _NOT_JSON_SCHEMA}
    if schema.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and limit in found:
            found[exclusive] = found.pop(limit)
    if "properties" in found:
        found["properties"] = {name: _json_schema(each, where) for name, each in found["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _json_schema(found[key], where)
    return found


class _Inliner:
    """Replaces each reference by what it names. References to other documents are refused, not fetched."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._resolver = Registry().with_resource("", DRAFT202012.create_resource(document)).resolver()

    def __call__(self, node: Any, where: str, trail: tuple[str, ...] = ()) -> Any:
        if isinstance(node, list):
            return [self(item, where, trail) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {key: self(value, where, trail) for key, value in node.items()}
        if reference in trail:
            raise UnsupportedDocumentError(f"{where} uses {reference}, which contains itself; write out what is needed")
        try:
            found = self._resolver.lookup(reference).contents
        except Unresolvable as error:
            raise UnsupportedDocumentError(f"{where} refers to {reference}, which is not in the document") from error
        return self(found, where, (*trail, reference))
