"""What a gateway offers, as far as a synthesis knows: targets, their tools, and what the settings call them.

Tools of tool servers, and of targets whose document lies in the repository, are known by name. What an MCP server, a
runtime, a REST API or a document in S3 offers is known only to whoever asks it; such targets can be granted as a whole,
and their tools by names that nobody checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stacks.settings.targets import TargetSettings
from stacks.settings.targets.documents import Document
from stacks.settings.versions import ServedMajor
from toolkit.spec import ToolSpec

SEPARATOR = "___"
"""Between a target and its tool in a tool's full name
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-tool-naming.html)."""

COMPLETE = ("lambda", "openapi", "smithy")
"""Kinds of targets whose document names all of their tools."""


@dataclass(frozen=True, kw_only=True)
class OfferedTool:
    """One tool of a target.

    Attributes:
        name: its name without the target's.
        input_schema: AgentCore's schema of its arguments; None where it is not known.
        operations: values of its argument `operation`, when it is a family of operations.
        classification: how sensitive its answers are.
        sensitive: arguments that must not be recorded.
    """

    name: str
    input_schema: Mapping[str, Any] | None = None
    operations: tuple[str, ...] = ()
    classification: str = "internal"
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OfferedTarget:
    """One target of the gateway.

    Attributes:
        name: its name, before `___` in its tools' names.
        server: what the settings call it: the tool server, or the target itself.
        classification: how sensitive the answers are of its tools that say nothing of their own.
        tools: its tools by name, as far as they are known.
        complete: whether these are all.
    """

    name: str
    server: str
    classification: str = "internal"
    tools: Mapping[str, OfferedTool] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True)
class Offer:
    """The targets of a gateway, by name."""

    targets: Mapping[str, OfferedTarget]

    def of_server(self, server: str) -> list[OfferedTarget]:
        """The targets that the settings mean by `server`: those of each served major, or the one of that name."""
        return [target for target in self.targets.values() if target.server == server]

    @property
    def servers(self) -> list[str]:
        """What settings can name, sorted."""
        return sorted({target.server for target in self.targets.values()})

    def full_names(self) -> Iterator[tuple[str, OfferedTarget, OfferedTool]]:
        """Every known tool by its full name, `<target>___<tool>`, sorted."""
        for target in sorted(self.targets.values(), key=lambda target: target.name):
            for tool in sorted(target.tools.values(), key=lambda tool: tool.name):
                yield full_name(target.name, tool.name), target, tool


def full_name(target: str, tool: str) -> str:
    """What callers and policies call a tool."""
    return f"{target}{SEPARATOR}{tool}"


def read_offer(
    majors: Mapping[str, tuple[ServedMajor, ...]],
    targets: Mapping[str, TargetSettings],
    documents: Mapping[str, Document],
) -> Offer:
    """What the gateway of an environment offers.

    Args:
        majors: the served majors of each tool server.
        targets: the other targets by name.
        documents: what describes their tools, by target, where something does.
    """
    offered: dict[str, OfferedTarget] = {}
    for served in (served for served_of_one in majors.values() for served in served_of_one):
        tools = {tool.name: _declared(tool) for tool in served.spec.tools}
        offered[served.target] = OfferedTarget(name=served.target, server=served.server, tools=tools)
    for name, target in targets.items():
        document = documents.get(name, Document())
        offered[name] = OfferedTarget(
            name=name,
            server=name,
            classification=target.classification,
            tools={tool: _described(tool, target, document) for tool in document.tools},
            complete=target.kind in COMPLETE and document.uri is None,
        )
    return Offer(offered)


def _declared(tool: ToolSpec) -> OfferedTool:
    return OfferedTool(
        name=tool.name,
        input_schema=tool.input_schema,
        operations=tuple(operation.name for operation in tool.operations),
        classification=tool.classification,
        sensitive=tool.sensitive,
    )


def _described(name: str, target: TargetSettings, document: Document) -> OfferedTool:
    schema = None
    if target.kind == "lambda":
        schema = next(tool["inputSchema"] for tool in document.content if tool["name"] == name)
    return OfferedTool(name=name, input_schema=schema, classification=target.classification)
