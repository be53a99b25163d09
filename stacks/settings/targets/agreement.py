"""What targets must agree on: with their documents, with one another, and with the limits of the gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stacks.settings.targets.credentials import IamCredential, Permission
from stacks.settings.targets.documents import Document, DocumentError, compact, read_content
from stacks.settings.targets.iam import resource_mistake
from stacks.settings.targets.kinds import ApiGatewayTarget, RuntimeTarget, TargetSettings
from stacks.settings.targets.openapi import openapi_tools
from stacks.settings.targets.smithy import smithy_tools
from stacks.settings.targets.tool_list import listed_tools

TARGETS_PER_GATEWAY = 100
TOOLS_PER_TARGET = 1000
"""Quotas (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html)."""

LONGEST_RUNTIME_NAME = 48
"""Characters of a runtime's name
(https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateAgentRuntime.html)."""

LONGEST_TOOL_NAME = 64
"""Characters of a tool's name, `<target>___<tool>`, that models take; the gateway itself would take 256
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html)."""

_DOCUMENTS: dict[str, tuple[str, Callable[[Any], tuple[str, ...]]]] = {
    "lambda": ("tools", listed_tools),
    "openapi": ("document", openapi_tools),
    "smithy": ("model", smithy_tools),
}
"""By kind: the key that names the document, and what finds its tools."""


def read_targets(
    targets: Mapping[str, TargetSettings], *, servers: Mapping[str, object], prefix: str, label: str, root: Path
) -> tuple[dict[str, Document], list[str]]:
    """The documents of `targets` by target, and a sentence for each mistake in targets and documents.

    Args:
        targets: the settings by name.
        servers: the tool servers by name, which are targets too.
        prefix: first part of every physical name.
        label: the settings' file, for messages.
        root: the folder that files are named from and that holds `lambda/`.
    """
    documents: dict[str, Document] = {}
    mistakes: list[str] = []
    count = len(servers) + len(targets)
    if count > TARGETS_PER_GATEWAY:
        mistakes.append(
            f"{label}: targets: {count} with those of tool_servers are more than the {TARGETS_PER_GATEWAY} that a "
            "gateway takes: put tools together, or make another environment"
        )
    for name, target in targets.items():
        place = f"{label}: targets.{name}"
        document = Document()
        if target.kind in _DOCUMENTS:
            key, find_tools = _DOCUMENTS[target.kind]
            try:
                document = documents[name] = _read(getattr(target, key), find_tools, root)
            except DocumentError as error:
                mistakes.append(f"{place}.{key}: {error}")
        mistakes += [f"{place}{mistake}" for mistake in _mistakes(name, target, document, servers)]
        if isinstance(target, RuntimeTarget):
            mistakes += [f"{place}{mistake}" for mistake in _runtime_mistakes(name, target, prefix, root)]
    return documents, mistakes


def _read(place: str, find_tools: Callable[[Any], tuple[str, ...]], root: Path) -> Document:
    if place.startswith("s3://"):
        return Document(uri=place)
    content = read_content(place, root)
    try:
        return Document(text=compact(content), content=content, tools=find_tools(content))
    except DocumentError as error:
        raise DocumentError(f"{place!r}: {error}") from None


def _mistakes(name: str, target: TargetSettings, document: Document, servers: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with one target, each with the keys below it."""
    server, _, major = name.rpartition("-v")
    if name in servers or (server in servers and major.isdigit()):
        yield ": is the name of a tool server's target: call it otherwise"
    yield from (f": {mistake}" for mistake in _tool_mistakes(name, target, document))
    yield from (f".credential.permissions: {mistake}" for mistake in _permission_mistakes(target))


def _runtime_mistakes(name: str, target: RuntimeTarget, prefix: str, root: Path) -> Iterator[str]:
    if not (root / "lambda" / target.package / "main.py").is_file():
        yield (
            f".package: {target.package!r} has no entry point: create lambda/{target.package}/main.py, or name an "
            "existing folder"
        )
    longest = LONGEST_RUNTIME_NAME - len(f"{prefix}-")
    if len(name) > longest:
        yield f": has {len(name)} characters, and the name of its runtime leaves {longest}: shorten it"


def _tool_mistakes(name: str, target: TargetSettings, document: Document) -> Iterator[str]:
    tools = document.tools
    if isinstance(target, ApiGatewayTarget):
        tools = tuple(override.name for override in target.overrides)
    if len(tools) > TOOLS_PER_TARGET:
        yield f"has {len(tools)} tools and a target takes {TOOLS_PER_TARGET}: split it"
    for tool in sorted({tool for tool in tools if tools.count(tool) > 1}):
        yield f"has the tool {tool!r} twice: rename one of them"
    for tool in tools:
        full = f"{name}___{tool}"
        if len(full) > LONGEST_TOOL_NAME:
            yield (
                f"the tool is called {full!r}, {len(full)} characters, and models take {LONGEST_TOOL_NAME}: shorten "
                "the target's name or the tool's"
            )
        elif not all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in full):
            yield f"the tool is called {full!r}, and models take letters, digits, _ and -: rename it"


def _permission_mistakes(target: TargetSettings) -> Iterator[str]:
    if isinstance(target.credential, IamCredential):
        permissions: tuple[Permission, ...] = target.credential.permissions
        yield from filter(None, (resource_mistake(entry.action, entry.resources) for entry in permissions))
