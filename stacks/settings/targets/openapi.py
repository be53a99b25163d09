"""Whether an OpenAPI document is one that AgentCore takes.

OpenAPI itself is checked by openapi-spec-validator; what AgentCore asks for beyond it is in
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-schema-openapi.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from foundation.targets.context_headers import names_the_caller
from stacks.settings.targets.documents import DocumentError, walk

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_COMPOSED = ("oneOf", "anyOf", "allOf")
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
"""Serialization by a parameter's place when it says nothing (OpenAPI 3.0.3, section 4.7.12)."""


def openapi_tools(document: Any) -> tuple[str, ...]:
    """Names of the tools that AgentCore makes of `document`: its operationIds.

    Raises:
        DocumentError: with the first thing that is not OpenAPI 3.0 or 3.1, or that AgentCore does not support.
    """
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith(("3.0", "3.1")):
        raise DocumentError("openapi is not 3.0 or 3.1, the versions that AgentCore reads: convert the document")
    for mistakes in (_not_openapi, _servers, _operations, _schemas):
        for mistake in mistakes(document):
            raise DocumentError(mistake)
    return tuple(operation["operationId"] for _, operation in _all_operations(document))


def _not_openapi(document: dict[str, Any]) -> Iterator[str]:
    # Imported here, since only an environment with such a target needs it and it takes a third of a second.
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator  # noqa: PLC0415

    validator = OpenAPIV30SpecValidator if document["openapi"].startswith("3.0") else OpenAPIV31SpecValidator
    for error in validator(_text_keys(document)).iter_errors():
        place = ".".join(str(part) for part in error.absolute_path)
        yield f"{place + ': ' if place else ''}is no OpenAPI: {_shortened(error.message)}: correct it there"


def _shortened(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:120]} … {message[-60:]}"


def _text_keys(node: Any) -> Any:
    """YAML reads the status 200 as a number, and OpenAPI wants it as text."""
    if isinstance(node, dict):
        return {str(key): _text_keys(value) for key, value in node.items()}
    return [_text_keys(item) for item in node] if isinstance(node, list) else node


def _servers(document: dict[str, Any]) -> Iterator[str]:
    if not document.get("servers"):
        yield "servers is missing: add one with the API's https URL, which AgentCore calls"
    listed = [node["servers"] for _, node in walk(document) if isinstance(node.get("servers"), list)]
    for server in (server for servers in listed for server in servers):
        url = str(server["url"])
        if not re.match(r"https://[A-Za-z0-9.-]+(:\d+)?(/|$)", url):
            yield (
                f"servers: {url!r} is no https URL with a fixed host: begin it with https:// and write the host out, "
                "since credentials travel there"
            )


def _all_operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield f"paths.{path}.{method}", item[method]


def _operations(document: dict[str, Any]) -> Iterator[str]:
    if document.get("security"):
        yield "security is not supported: remove it, the target's credential in the settings takes its place"
    for place, operation in _all_operations(document):
        if "operationId" not in operation:
            yield f"{place}: operationId is missing: add it, it becomes the tool's name"
        if operation.get("security"):
            yield f"{place}.security is not supported: remove it, the target's credential takes its place"
        content = operation.get("requestBody", {}).get("content", {})
        if content and "application/json" not in content:
            yield f"{place}.requestBody takes {', '.join(content)}: AgentCore sends application/json, offer that"
    for place, node in walk(document):
        yield from _parameter(place, node)


def _parameter(place: str, node: dict[str, Any]) -> Iterator[str]:
    where = node.get("in")
    if not isinstance(where, str) or where not in _STYLES or "name" not in node:
        return
    style = node.get("style", _STYLES[where])
    explode = node.get("explode", style == "form")
    if style != _STYLES[where] or explode != (style == "form") or "content" in node:
        yield (
            f"{place}: parameter {node['name']!r} has a serialization of its own, which AgentCore does not know: "
            "remove style, explode and content"
        )
    if where == "header" and names_the_caller(str(node["name"])):
        yield (
            f"{place}: parameter {node['name']!r} would let a caller say who it is, and the gateway sets this header "
            "from the verified token: remove the parameter, the API gets the header all the same"
        )


def _schemas(document: dict[str, Any]) -> Iterator[str]:
    for place, node in walk(document):
        for word in _COMPOSED:
            if isinstance(node.get(word), list):
                yield f"{place}: {word} is not supported by AgentCore: write the schema out"
