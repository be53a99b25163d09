"""The page of tools, from what the tool servers declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs.generator.markdown import code, page, table
from stacks.settings import ServedMajor, available_environments, load_settings
from toolkit import ToolSpec


def tools_page() -> str:
    """Every tool of every server that an environment has."""
    parts = [
        "A tool appears on the gateway as `<server>-v<major>___<tool>`. Which IAM actions each needs, and for what, is "
        "in [permissions.md](permissions.md)."
    ]
    for served in all_majors():
        ends = f", ends {served.ends.isoformat()}" if served.ends else ""
        parts.append(f"## {served.server} {served.spec.version}{ends}")
        for tool in served.spec.tools:
            parts += _tool(tool)
    return page("Tools", *parts)


def all_majors() -> list[ServedMajor]:
    """Every major of every tool server that any environment has, a server's newest first."""
    found: dict[str, ServedMajor] = {}
    for environment in available_environments():
        for majors in load_settings(environment).served_majors.values():
            found |= {served.target: served for served in majors}
    return sorted(found.values(), key=lambda served: (served.server, -served.major))


def _tool(tool: ToolSpec) -> Iterator[str]:
    yield f"### {code(tool.name)}"
    yield tool.description
    properties = tool.input_schema.get("properties", {})
    required = tool.input_schema.get("required", [])
    if properties:
        yield table(
            ("argument", "type", "required", "meaning"),
            (
                (code(name), _type(schema), "yes" if name in required else "", schema.get("description", ""))
                for name, schema in properties.items()
            ),
        )
    if tool.output_schema:
        yield "It answers:"
        yield table(
            ("member", "type", "meaning"),
            (
                (code(name), _type(schema), schema.get("description", ""))
                for name, schema in tool.output_schema["properties"].items()
            ),
        )


def _type(schema: Mapping[str, Any]) -> str:
    return f"array of {_type(schema['items'])}" if "items" in schema else str(schema["type"])
