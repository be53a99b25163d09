"""The Cedar schema that AgentCore makes of a gateway's tools, to check policies before they are sent.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-schema-constraints.html, and the generator that the
page names: https://github.com/cedar-policy/cedar-for-agents/tree/main/rust/cedar-policy-mcp-schema-generator. Each tool
is an action below its target, whose context holds the arguments; claims are tags of the caller, as text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stacks.settings.access.cedar_text import text
from stacks.settings.access.offer import SEPARATOR, Offer, full_name

LARGEST = 400_000
"""Bytes of the schema of all tools, a quota that AWS does not raise
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html)."""

_SCALARS = {"string": "String", "integer": "Long", "boolean": "Bool", "number": "decimal"}

_HEAD = """\
  entity Gateway;
  entity OAuthUser = { "id": String } tags String;
  action "Mcp";
  action "CallTool" in [Action::"Mcp"];
"""


def cedar_schema(offer: Offer, *, named: Collection[str] = ()) -> str:
    """The schema as Cedar text.

    Args:
        offer: what the gateway offers.
        named: full names of tools that nobody knows the arguments of, which settings name all the same.
    """
    lines = [_HEAD]
    for target in sorted(offer.targets):
        lines.append(f'  action {text(target)} in [Action::"CallTool"];\n')
    inputs: dict[str, str] = {name: _record(tool.input_schema or {}) for name, _, tool in offer.full_names()}
    for name, parent in action_parents(offer, named=named).items():
        if parent is not None:
            inputs.setdefault(name, "{}")
    for name, record in sorted(inputs.items()):
        lines.append(
            f"  action {text(name)} in [Action::{text(name.split(SEPARATOR)[0])}] appliesTo "
            f'{{ principal: [OAuthUser], resource: [Gateway], context: {{ "input": {record} }} }};\n'
        )
    return "namespace AgentCore {\n" + "".join(lines) + "}\n"


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if kind == "object":
        return _record(schema)
    if kind == "array":
        return f"Set<{_type(schema.get('items', {}))}>"
    return _SCALARS.get(str(kind), "String")


def _record(schema: Mapping[str, Any]) -> str:
    required = schema.get("required") or ()
    members = (
        f"{text(name)}{'' if name in required else '?'}: {_type(value)}"
        for name, value in sorted(schema.get("properties", {}).items())
    )
    return f"{{ {', '.join(members)} }}"


def action_parents(offer: Offer, *, named: Collection[str] = ()) -> dict[str, str | None]:
    """The parent of every action, a tool's target, by the action's name; None for the targets themselves.

    A target whose tools are not all known has one more, `<target>___*`, which stands for those.
    """
    parents: dict[str, str | None] = dict.fromkeys(sorted(offer.targets))
    for name, target, _ in offer.full_names():
        parents[name] = target.name
    for name in named:
        parents[name] = name.split(SEPARATOR)[0]
    for target in offer.targets.values():
        if not target.complete:
            parents[full_name(target.name, "*")] = target.name
    return parents
