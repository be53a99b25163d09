"""The arguments of a tool: what its schema says of them, and how those of a call are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.errors import ToolError
from toolkit.shapes import Schema, Shape


@dataclass(frozen=True)
class Parameter:
    """One argument of a tool.

    Attributes:
        shape: Its type.
        description: What it means.
        required: Whether a call must give it.
        default: What it is when left out; None and the empty string say nothing to a caller.
    """

    shape: Shape
    description: str
    required: bool
    default: Any = None

    def text(self) -> str:
        """Its text in the schema: the description, what the type cannot say, and the default."""
        default = "" if self.required or self.default in (None, "") else f"Default: {self.default}."
        return " ".join(part for part in (self.description, self.shape.remark(), default) if part)


def input_schema(parameters: Mapping[str, Parameter]) -> Schema:
    """The schema of an arguments object in AgentCore's subset."""
    properties = {
        name: {**parameter.shape.schema(), "description": parameter.text()} for name, parameter in parameters.items()
    }
    required = [name for name, parameter in parameters.items() if parameter.required]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def read_arguments(parameters: Mapping[str, Parameter], given: Mapping[str, Any], *, tool: str) -> dict[str, Any]:
    """Check the arguments of a call and convert them to Python's types.

    Args:
        parameters: What the tool takes.
        given: Argument names to JSON values, as the gateway sends them.
        tool: The tool's name, for the error.

    Raises:
        ToolError: Something is wrong with them; the message names every problem at once.
    """
    known = ", ".join(parameters) or "none"
    problems = [f"unknown argument {name!r} (the arguments are: {known})" for name in given if name not in parameters]
    values = {}
    for name, parameter in parameters.items():
        if name in given:
            values[name] = parameter.shape.read(given[name], name, problems)
        elif parameter.required:
            problems.append(f"{name} is required: {parameter.text()}")
    if problems:
        raise ToolError(f"{tool}: {'; '.join(problems)}", code="invalid_arguments")
    return values
