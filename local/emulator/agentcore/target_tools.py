"""Which tools a target has, with their input schemas: the actions that policies are validated against.

Lambda targets and MCP servers say so themselves. The tools of an OpenAPI document are its operations
(docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-schema-openapi.html). A Smithy model and a REST API have
tools that are not known here, so no policy can name one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.emulator.agentcore import target_documents as documents
from local.emulator.agentcore.cedar_schema import Tool

TOOLS = "_tools"
"""The member of a target's record that holds its tools; the API has no such member and does not tell it."""

_PLACES = ("path", "query", "header")


def tools_of(configuration: Mapping[str, Any]) -> list[Tool]:
    """The tools that a target's configuration describes; none for a server that is asked for them."""
    family, inner = next(iter(configuration.items()))
    kind, target = next(iter(inner.items()))
    match family, kind:
        case "mcp", "lambda":
            return list(documents.tools_of(target["toolSchema"]))
        case "mcp", "mcpServer" if "mcpToolSchema" in target:
            return list(documents.read(target["mcpToolSchema"], "MCP tool schema")[1]["tools"])
        case "mcp", "openApiSchema":
            return list(_operations(documents.read(target, "OpenAPI schema")[1]))
        case _:
            return []


def _operations(document: Mapping[str, Any]) -> Iterator[Tool]:
    for item in (document.get("paths") or {}).values():
        for method in documents.METHODS:
            if method in item:
                shared = [*item.get("parameters", ()), *item[method].get("parameters", ())]
                yield {
                    "name": item[method]["operationId"],
                    "inputSchema": _input(document, shared, item[method].get("requestBody") or {}),
                }


def _input(document: Mapping[str, Any], parameters: list[Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an operation: its parameters, and beside them the properties of its JSON body."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for reference in parameters:
        parameter = _resolved(document, reference)
        if parameter.get("in") in _PLACES:
            properties[parameter["name"]] = _resolved(document, parameter.get("schema") or {})
            required += [parameter["name"]] if parameter.get("required") else []
    media = (_resolved(document, body).get("content") or {}).get("application/json") or {}
    schema = _resolved(document, media.get("schema") or {})
    for name, inner in (schema.get("properties") or {}).items():
        properties[name] = _resolved(document, inner)
    return {"type": "object", "properties": properties, "required": [*required, *schema.get("required", ())]}


def _resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference into the same document points at (RFC 6901); anything else as it is."""
    reference = node.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return node
    found: Any = document
    for part in reference[2:].split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
