"""Turns a function into a tool: everything a gateway, a role and a reference page need, from hints and docstring."""

import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit import docstrings
from toolkit.errors import DeclarationError, ToolError
from toolkit.hints import shape_of
from toolkit.permissions import Permission
from toolkit.shapes import Mapped, Record, Shape
from toolkit.spec import ToolSpec
from toolkit.tenant import TenantContext

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")


@dataclass(frozen=True)
class Parameter:
    """One argument of a tool.

    Attributes:
        shape: Its type.
        description: Its text in the schema: the docstring's, what the type cannot say, and the default.
        required: Whether a call must give it.
    """

    shape: Shape
    description: str
    required: bool


@dataclass(frozen=True)
class Tool:
    """A declared tool.

    Attributes:
        spec: What it offers, as plain data.
        function: The function that does the work.
        parameters: Argument names to what they are.
        tenant_parameter: The parameter that takes the tenant context, or None.
    """

    spec: ToolSpec
    function: Callable[..., Any]
    parameters: Mapping[str, Parameter]
    tenant_parameter: str | None

    def read_arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Check the arguments of a call and convert them to Python's types.

        Args:
            given: Argument names to JSON values, as the gateway sends them.

        Raises:
            ToolError: Something is wrong with them; the message names every problem at once.
        """
        known = ", ".join(self.parameters) or "none"
        problems = [
            f"unknown argument {name!r} (the arguments are: {known})" for name in given if name not in self.parameters
        ]
        values = {}
        for name, parameter in self.parameters.items():
            if name in given:
                values[name] = parameter.shape.read(given[name], name, problems)
            elif parameter.required:
                problems.append(f"{name} is required: {parameter.description}")
        if problems:
            raise ToolError(f"{self.spec.name}: {'; '.join(problems)}", code="invalid_arguments")
        return values


def declare(function: Callable[..., Any], *, actions: Sequence[str]) -> Tool:
    """Make a tool of a function.

    Args:
        function: Its name is the tool's name, its docstring before `Args:` the tool's description, its entries
            under `Args:` the parameters' descriptions, its hints the schema.
        actions: The IAM actions it calls, in the form that `Permission.parse` takes.

    Raises:
        DeclarationError: Name, docstring, a hint or an action cannot be used.
    """
    name = function.__name__
    if inspect.iscoroutinefunction(function):
        raise DeclarationError(f"tool {name}: Lambda calls it without an event loop; write def instead of async def")
    if isinstance(actions, str):
        raise DeclarationError(f"tool {name}: actions is the text {actions!r}; write a list, [{actions!r}]")
    if not _NAME.fullmatch(name):
        raise DeclarationError(
            f"tool {name!r}: a tool name has letters, digits, - and _, begins with a letter and has at most 64"
        )
    documentation = docstrings.read(function)
    if not documentation.description:
        raise DeclarationError(f"tool {name}: it has no docstring; a model chooses the tool by its description")
    hints = typing.get_type_hints(function)
    parameters, tenant_parameter = _parameters(function, hints, documentation.entries)
    spec = ToolSpec(
        name=name,
        description=documentation.description,
        input_schema=_input_schema(parameters),
        output_schema=_output_schema(hints.get("return"), tool=name),
        actions=tuple(sorted({Permission.parse(action, tool=name) for action in actions})),
    )
    return Tool(spec, function, parameters, tenant_parameter)


def _parameters(
    function: Callable[..., Any], hints: Mapping[str, Any], descriptions: Mapping[str, str]
) -> tuple[dict[str, Parameter], str | None]:
    """Each parameter of the signature, and the one that takes the tenant context."""
    tool = function.__name__
    parameters: dict[str, Parameter] = {}
    tenant_parameter: str | None = None
    for name, parameter in inspect.signature(function).parameters.items():
        where = f"tool {tool}, parameter {name}"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DeclarationError(f"{where}: it cannot be passed by name; declare a plain parameter")
        if name not in hints:
            raise DeclarationError(f"{where}: it has no type hint")
        if hints[name] is TenantContext:
            tenant_parameter = name
        elif not descriptions.get(name):
            raise DeclarationError(f"{where}: its description is missing; add '{name}: …' under Args: in the docstring")
        else:
            shape = shape_of(hints[name], where=where)
            required = parameter.default is parameter.empty
            default = "" if required or parameter.default in (None, "") else f"Default: {parameter.default}."
            text = " ".join(part for part in (descriptions[name], shape.remark(), default) if part)
            parameters[name] = Parameter(shape, text, required)
    surplus = [name for name in descriptions if name not in parameters and name != tenant_parameter]
    if surplus:
        raise DeclarationError(f"tool {tool}: Args: describes {', '.join(surplus)}, which it does not take")
    return parameters, tenant_parameter


def _input_schema(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    properties = {
        name: {**parameter.shape.schema(), "description": parameter.description}
        for name, parameter in parameters.items()
    }
    required = [name for name, parameter in parameters.items() if parameter.required]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _output_schema(hint: Any, *, tool: str) -> dict[str, Any] | None:
    """The schema of a TypedDict answer; None for a plain dict."""
    if hint is None:
        raise DeclarationError(f"tool {tool}: it has no return type; use dict or a TypedDict")
    shape = shape_of(hint, where=f"tool {tool}, its answer")
    if isinstance(shape, Record):
        return shape.schema()
    if isinstance(shape, Mapped):
        return None
    raise DeclarationError(f"tool {tool}: it answers {hint}; use dict or a TypedDict, so that answers can grow")
