"""The Cedar schema that AgentCore makes of a gateway's tools.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-schema-constraints.html (entity types, the hierarchy of
actions, the table of types), …/policy-scope.html (a target is an action group) and …/policy-time-based.html
(`context.system.now`). Standard library only: the local gateway builds requests for the same schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

NAMESPACE = "AgentCore"
OAUTH_USER = f"{NAMESPACE}::OAuthUser"
IAM_ENTITY = f"{NAMESPACE}::IamEntity"
GATEWAY = f"{NAMESPACE}::Gateway"
EVERY_TOOL = ("CallTool", "Mcp")
"""The action groups that all tools are in, the narrower one first."""
TOOL_SEPARATOR = "___"

Tool = Mapping[str, Any]
"""A tool's `name` and `inputSchema`, a JSON schema."""
CedarType = dict[str, Any]

_SCALARS: Mapping[str, CedarType] = {
    "string": {"type": "String"},
    "integer": {"type": "Long"},
    "boolean": {"type": "Boolean"},
    "number": {"type": "Extension", "name": "decimal"},
}
_SYSTEM: CedarType = {"type": "Record", "attributes": {"now": {"type": "Extension", "name": "datetime"}}}
_IDENTIFIED: CedarType = {"type": "Record", "attributes": {"id": {"type": "String"}}}


def gateway_schema(targets: Mapping[str, Iterable[Tool]]) -> dict[str, Any]:
    """The schema of a gateway, in Cedar's JSON format.

    Args:
        targets: the tools of each target, by the target's name.
    """
    actions: dict[str, Any] = {"Mcp": {}, "CallTool": {"memberOf": [{"id": "Mcp"}]}}
    for target, tools in targets.items():
        actions[target] = {"memberOf": [{"id": "CallTool"}]}
        for tool in tools:
            actions[f"{target}{TOOL_SEPARATOR}{tool['name']}"] = {
                "memberOf": [{"id": target}],
                "appliesTo": {
                    "principalTypes": ["OAuthUser", "IamEntity"],
                    "resourceTypes": ["Gateway"],
                    "context": {"type": "Record", "attributes": {"input": input_type(tool), "system": _SYSTEM}},
                },
            }
    return {
        NAMESPACE: {
            "entityTypes": {
                "OAuthUser": {"shape": _IDENTIFIED, "tags": {"type": "String"}},
                "IamEntity": {"shape": _IDENTIFIED},
                "Gateway": {},
            },
            "actions": actions,
        }
    }


def input_type(tool: Tool) -> CedarType:
    """The record that `context.input` is for a tool."""
    return _record(tool.get("inputSchema") or {})


def _record(schema: Mapping[str, Any]) -> CedarType:
    """An object's type; a property whose type Cedar cannot say is left out, so that no policy can read it."""
    required = schema.get("required") or ()
    attributes = {}
    for name, inner in (schema.get("properties") or {}).items():
        found = _type(inner)
        if found is not None:
            attributes[name] = {**found, "required": name in required}
    return {"type": "Record", "attributes": attributes}


def _type(schema: Any) -> CedarType | None:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind == "object":
        return _record(schema)
    if kind == "array":
        element = _type(schema.get("items"))
        return None if element is None else {"type": "Set", "element": element}
    found = _SCALARS.get(kind) if isinstance(kind, str) else None
    return None if found is None else dict(found)
