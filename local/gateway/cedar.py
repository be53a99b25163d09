"""What AgentCore makes of a call before Cedar judges it: entities, tags and the context.

- principal: `AgentCore::OAuthUser`, its id the token's `sub`; every claim is a string tag, an array or an object its
  JSON text, and null no tag at all (devguide, example-policies-principal, "OAuth principals");
- context.input: the arguments in the types of the tool's schema: string → String, integer → Long, number → decimal,
  boolean → Bool, object → record, array → set; null is left out (devguide, policy-schema-constraints and
  example-policies-reference). A number is written with four digits, as cedar-policy's MCP request generator does;
- context.system.now: the time in UTC (devguide, policy-time-based).

Arguments that the schema does not name are left out: no policy that AgentCore accepts can name them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import cedarpy

MAX_DEPTH = 64
"""How deep a record may nest in context.input (devguide, example-policies-action-resource)."""

_ESCAPES_OF_CEDARS_JSON = frozenset({"__entity", "__extn", "__expr"})
_NAMED_ESCAPES = {"\\": "\\\\", '"': '\\"', "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


class CedarError(Exception):
    """A policy that is not plain Cedar, or arguments that Cedar has no value for."""


@lru_cache(maxsize=4096)
def cedar_policies(statement: str) -> tuple[Mapping[str, Any], ...]:
    """Return the policies of a statement in Cedar's JSON form; raises CedarError when it holds none or a template.

    Parsing is remembered, since a deployed policy is read again at every poll of the control plane.
    """
    try:
        document = json.loads(cedarpy.policies_to_json_str(statement))
    except ValueError as error:
        raise CedarError(str(error)) from error
    if document["templates"] or not document["staticPolicies"]:
        raise CedarError("it holds no policy" if not document["templates"] else "it is a template")
    return tuple(document["staticPolicies"].values())


def quoted(text: str) -> str:
    """Return text as a string literal of Cedar, in the one spelling that it takes for an entity's id."""
    return '"' + "".join(_NAMED_ESCAPES.get(letter) or _printable(letter) for letter in text) + '"'


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}"


def tags(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of the principal whose token has these claims."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        for name, value in claims.items()
        if value is not None
    }


def context(schema: Mapping[str, Any], arguments: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the context of a call in Cedar's JSON form; raises CedarError for arguments that cannot be expressed."""
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "input": _record(schema, arguments, 1),
        "system": {"now": {"__extn": {"fn": "datetime", "arg": moment}}},
    }


def _record(schema: Mapping[str, Any], value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise CedarError(f"the arguments nest deeper than {MAX_DEPTH} levels")
    properties = schema.get("properties", {})
    record = {
        name: _value(properties[name], value[name], depth)
        for name in properties
        if name in value and value[name] is not None
    }
    if reserved := _ESCAPES_OF_CEDARS_JSON & record.keys():
        raise CedarError(f"an argument is named {min(reserved)}, which Cedar's JSON form reserves")
    return record


def _value(schema: Mapping[str, Any], value: Any, depth: int) -> Any:
    """One argument. Where the schema does not say a single type, the value's own type counts."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(schema.get("type"), value)
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_value(items, item, depth + 1) for item in value if item is not None]
    if isinstance(value, dict):
        return _record(schema, value, depth + 1)
    return value


def _number(kind: Any, value: float) -> Any:
    whole = kind == "integer" or (kind != "number" and isinstance(value, int))
    return int(value) if whole else {"__extn": {"fn": "decimal", "arg": f"{value:.4f}"}}
