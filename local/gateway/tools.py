"""The tools of a gateway: those of all its targets under their public names, checked arguments, pages."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from mcp_types import Tool

from local.gateway.search import SEARCH_TOOL
from local.gateway.targets.interface import TOOL_SEPARATOR, ListedOnDemand, Target, TargetError, ToolDefinition

logger = logging.getLogger(__name__)

PAGE_SIZE = 100
"""Tools a page. AgentCore pages tools/list too and does not say how; clients must follow the cursor either way."""

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


class InvalidCursorError(Exception):
    """A cursor that this gateway did not hand out."""


class Catalogue:
    """Everything a client can call on one gateway.

    `unserved` says of each target that cannot be served here why not.
    """

    def __init__(
        self,
        *,
        targets: Sequence[Target],
        with_search: bool,
        paginated: bool,
        unserved: Mapping[str, str] | None = None,
    ) -> None:
        self._targets = targets
        self._with_search = with_search
        self._paginated = paginated
        self._unserved = dict(unserved or {})
        self._index()

    def _index(self) -> None:
        self._entries: dict[str, tuple[Target, ToolDefinition]] = {
            f"{target.name}{TOOL_SEPARATOR}{tool.name}": (target, tool)
            for target in self._targets
            for tool in target.tools
        }
        self.target_tools = [_tool(name, tool) for name, (_, tool) in self._entries.items()]
        self._listed = [SEARCH_TOOL, *self.target_tools] if self._with_search else self.target_tools
        self._by_name = {tool.name: tool for tool in self._listed}

    async def refresh(self, tool: str | None = None) -> None:
        """Ask the targets that keep no list of their tools for it; with the name of a `tool`, only its target."""
        wanted = tool.split(TOOL_SEPARATOR, 1)[0] if tool is not None else None
        asked = [each for each in self._targets if isinstance(each, ListedOnDemand) and wanted in {None, each.name}]
        if asked:
            await asyncio.gather(*(self._list_again(each) for each in asked))
            self._index()

    async def _list_again(self, target: Target) -> None:
        self._unserved.pop(target.name, None)
        try:
            if isinstance(target, ListedOnDemand):
                await target.list_again()
        except TargetError as error:
            self._unserved[target.name] = f"target {target.name} does not list its tools: {error}"
            logger.warning("target %s does not list its tools: %s", target.name, error.logged)

    def page(self, cursor: str | None, hidden: Collection[str] = ()) -> tuple[list[Tool], str | None]:
        """Return the tools at `cursor` and the cursor of the next page, None on the last one.

        `hidden` are the names of tools that this caller does not get to see. Raises InvalidCursorError.
        """
        shown = [tool for tool in self._listed if tool.name not in hidden]
        start = _offset(cursor, len(shown)) if cursor is not None else 0
        end = start + (PAGE_SIZE if self._paginated else max(len(shown), 1))
        following = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(shown) else None
        return shown[start:end], following

    def find(self, name: str) -> tuple[Target, ToolDefinition] | None:
        """Return the target and its tool behind a public name, None when no target has it."""
        return self._entries.get(name)

    def offers(self, name: str) -> bool:
        """Say whether tools/list shows this name."""
        return name in self._by_name

    def why_missing(self, name: str) -> str | None:
        """Say why a tool is not offered when its target is deployed but not served here."""
        return self._unserved.get(name.split(TOOL_SEPARATOR, 1)[0])

    def input_schema(self, name: str) -> Mapping[str, Any] | None:
        """Return the input schema of a listed tool."""
        tool = self._by_name.get(name)
        return tool.input_schema if tool is not None else None


def argument_problems(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str | None:
    """Check arguments against a tool's input schema, as AgentCore does before it calls the target.

    Returns AgentCore's sentence with every problem, or None. Arguments that the schema does not name pass: the tool
    itself decides about them.
    """
    found = sorted(Draft202012Validator(schema).iter_errors(arguments), key=lambda error: error.json_path)
    if not found:
        return None
    lines = [f"- {_problem(error)}" for error in found]
    return "\n".join(["ValidationException - Parameter validation failed: Invalid request parameters:", *lines])


def _problem(error: ValidationError) -> str:
    """One problem, in AgentCore's words where they are known. It names the field and types, never the value."""
    path = error.json_path.removeprefix("$").lstrip(".")
    if error.validator == "required":
        # jsonschema reports each missing property on its own and names it only in its message.
        missing = next(name for name in error.validator_value if f"{name!r} is a required" in error.message)
        return f"Missing required field(s): '{path + '.' if path else ''}{missing}'"
    if error.validator == "type":
        found = "null" if error.instance is None else _TYPES.get(type(error.instance), "unknown")
        return f"Field '{path}' has invalid type: {found} found, {error.validator_value} expected"
    return f"Field '{path}' is invalid: {error.validator}"


def _tool(name: str, definition: ToolDefinition) -> Tool:
    output = definition.output_schema
    return Tool(
        name=name,
        description=definition.description,
        input_schema=dict(definition.input_schema),
        output_schema=dict(output) if output is not None else None,
    )


def _offset(cursor: str, total: int) -> int:
    try:
        offset = int(base64.urlsafe_b64decode(cursor.encode()).decode())
    except ValueError as error:
        raise InvalidCursorError(cursor) from error
    if not 0 < offset < total:
        raise InvalidCursorError(cursor)
    return offset
