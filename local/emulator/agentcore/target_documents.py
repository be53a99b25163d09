"""The documents that describe targets, inline or in S3: tool definitions, OpenAPI and Smithy.

Limits from docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html, what an OpenAPI
document must have from docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-schema-openapi.html, Smithy from
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-building-smithy-targets.html.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from local.emulator.agentcore.errors import invalid
from local.emulator.aws import client

_MOST_TOOLS = 1000
_MOST_INLINE_BYTES = 1024 * 1024
_MOST_S3_BYTES = 10 * 1024 * 1024
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def tools_of(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tool definitions of a Lambda target's tool schema. Raises ValidationException."""
    if "inlinePayload" in schema:
        inline: list[Mapping[str, Any]] = schema["inlinePayload"]
        return inline
    place, document = read(schema, "tool schema")
    if not isinstance(document, list) or not all(isinstance(tool, dict) and "name" in tool for tool in document):
        raise invalid(f"The tool schema {place} is not a list of tool definitions")
    return document


def check_tools(tools: Iterable[Mapping[str, Any]]) -> None:
    """Refuse too few, too many and equally named tools. Raises ValidationException."""
    _check_names([str(tool["name"]) for tool in tools])


def check_mcp_tools(schema: Mapping[str, Any]) -> None:
    """Check an MCP server target's own list of tools, which has the form of a tools/list result."""
    place, document = read(schema, "MCP tool schema")
    tools = document.get("tools") if isinstance(document, dict) else None
    if not isinstance(tools, list) or not all(isinstance(tool, dict) and "name" in tool for tool in tools):
        raise invalid(f"The MCP tool schema {place} is not an object with a list of named tools")
    check_tools(tools)


def check_openapi(schema: Mapping[str, Any]) -> None:
    """Check that an OpenAPI document can become tools. Raises ValidationException."""
    place, document = read(schema, "OpenAPI schema")
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith(("3.0", "3.1")):
        raise invalid(f"The OpenAPI schema {place} is not OpenAPI 3.0 or 3.1")
    servers = document.get("servers")
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], dict) or not servers[0].get("url"):
        raise invalid(f"The OpenAPI schema {place} has no server with a url")
    _check_names(list(_operation_ids(place, document.get("paths") or {})))


def check_smithy(schema: Mapping[str, Any]) -> None:
    """Check that a document is a Smithy model in JSON. Raises ValidationException."""
    place, document = read(schema, "Smithy model")
    if not isinstance(document, dict) or "smithy" not in document or not document.get("shapes"):
        raise invalid(f"The Smithy model {place} is no JSON AST: it has no smithy version or no shapes")


def _operation_ids(place: str, paths: Mapping[str, Any]) -> Iterable[str]:
    for path, item in paths.items():
        for method in METHODS:
            if method in item:
                name = item[method].get("operationId")
                if not name:
                    raise invalid(f"The OpenAPI schema {place} has no operationId for {method.upper()} {path}")
                yield str(name)


def _check_names(names: list[str]) -> None:
    if not names or len(names) > _MOST_TOOLS:
        raise invalid(f"A target has from 1 to {_MOST_TOOLS} tools, not {len(names)}")
    if twice := sorted(name for name, times in Counter(names).items() if times > 1):
        raise invalid(f"Tool names are used more than once: {', '.join(twice)}")


def read(schema: Mapping[str, Any], noun: str) -> tuple[str, Any]:
    """What the document is called in messages, and the parsed document. Raises ValidationException."""
    place, text = _text(schema, noun)
    try:
        return place, json.loads(text) if text.lstrip()[:1] in (b"{", b"[") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise invalid(f"The {noun} {place} cannot be read: it is neither JSON nor YAML") from error


def _text(schema: Mapping[str, Any], noun: str) -> tuple[str, bytes]:
    if "inlinePayload" in schema:
        text = str(schema["inlinePayload"]).encode()
        if len(text) > _MOST_INLINE_BYTES:
            raise invalid(f"The inline {noun} has {len(text)} bytes, at most {_MOST_INLINE_BYTES} are allowed: use S3")
        return "inline", text
    uri = urlsplit(schema["s3"].get("uri", ""))
    try:
        text = client("s3").get_object(Bucket=uri.netloc, Key=uri.path.lstrip("/"))["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise invalid(f"The {noun} {uri.geturl()} cannot be read: {error}") from error
    if len(text) > _MOST_S3_BYTES:
        raise invalid(f"The {noun} {uri.geturl()} has {len(text)} bytes, at most {_MOST_S3_BYTES} are allowed")
    return uri.geturl(), text
