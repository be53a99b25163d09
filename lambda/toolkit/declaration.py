"""Turns a function into a tool: everything a gateway, a role and a reference page need, from hints and docstring."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolkit import docstrings
from toolkit.classification import DEFAULT, checked_classification, checked_sensitive
from toolkit.contract import Contract
from toolkit.errors import DeclarationError, ToolError
from toolkit.hints import shape_of
from toolkit.injection import INJECTIONS, Injection
from toolkit.invocation import Invocation
from toolkit.parameters import Parameter, input_schema, read_arguments
from toolkit.permissions import Permission
from toolkit.shapes import Mapped, Record
from toolkit.spec import ToolSpec

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")


@dataclass(frozen=True)
class Signature:
    """What a function takes.

    Attributes:
        function: The function.
        parameters: Its own arguments by name.
        injected: Parameters that the toolkit fills in, by name.
    """

    function: Callable[..., Any]
    parameters: Mapping[str, Parameter]
    injected: Mapping[str, Injection]

    @cached_property
    def all_parameters(self) -> Mapping[str, Parameter]:
        """Its own arguments, then those that its injections stand for."""
        found = dict(self.parameters)
        for injection in self.injected.values():
            found |= injection.parameters
        return found

    def call(self, given: Mapping[str, Any], invocation: Invocation) -> Any:
        """Call the function with arguments that were read, and what it gets beside them."""
        own = {name: value for name, value in given.items() if name in self.parameters}
        made = {name: injection.make(given, invocation) for name, injection in self.injected.items()}
        return self.function(**own, **made)


@dataclass(frozen=True)
class Tool:
    """A declared tool.

    Attributes:
        spec: What it offers, as plain data.
        parameters: Argument names to what they are.
        run: Does the work, given arguments that were read and the call.
        module: Where it is declared.
    """

    spec: ToolSpec
    parameters: Mapping[str, Parameter]
    run: Callable[[Mapping[str, Any], Invocation], Any]
    module: str

    def call(self, given: Mapping[str, Any], invocation: Invocation) -> Any:
        """Read the arguments of a call and do the work.

        Raises:
            ToolError: Something is wrong with the arguments, or the tool refuses.
        """
        return self.run(read_arguments(self.parameters, given, tool=self.spec.name), invocation)


def declare(
    function: Callable[..., Any],
    *,
    actions: Sequence[str],
    self_check: Mapping[str, Any] | None = None,
    classification: str = DEFAULT,
    sensitive: Sequence[str] = (),
) -> Tool:
    """Make a tool of a function.

    Args:
        function: Its name is the tool's name, its docstring before `Args:` the tool's description, its entries
            under `Args:` the parameters' descriptions, its hints the schema.
        actions: The IAM actions it calls, in the form that `Permission.parse` takes.
        self_check: Arguments of a call that has to succeed wherever the tool is deployed; may be left out when the
            tool needs none.
        classification: How much its answers give away, one of `toolkit.classification.LEVELS`.
        sensitive: Names of arguments that no record may hold.

    Raises:
        DeclarationError: Name, docstring, a hint, an action, the self-check, the classification or a sensitive
            argument cannot be used.
    """
    name = function.__name__
    check_name(name)
    description = docstrings.read(function).description
    if not description:
        raise DeclarationError(f"tool {name}: it has no docstring; a model chooses the tool by its description")
    signature = read_signature(function, tool=name)
    answer = _answer(typing.get_type_hints(function).get("return"), tool=name)
    spec = ToolSpec(
        name=name,
        description=description,
        input_schema=input_schema(signature.all_parameters),
        output_schema=answer.schema() if answer else None,
        actions=permissions(actions, tool=name),
        self_check=checked_self_check(signature.all_parameters, self_check or {}, tool=name),
        contract=Contract.of(signature.all_parameters, answer=answer),
        classification=checked_classification(classification, tool=name),
        sensitive=checked_sensitive(sensitive, signature.all_parameters, tool=name),
    )
    return Tool(spec, signature.all_parameters, signature.call, function.__module__)


def check_name(name: str) -> None:
    """Refuse a name that a tool cannot have.

    Raises:
        DeclarationError: It has other characters, or too many.
    """
    if not _NAME.fullmatch(name):
        raise DeclarationError(
            f"tool {name!r}: a tool name has letters, digits, - and _, begins with a letter and has at most 64"
        )


def permissions(actions: Iterable[str], *, tool: str) -> tuple[Permission, ...]:
    """The IAM actions of a declaration, once each, sorted.

    Raises:
        DeclarationError: One has another form, or a text was given instead of a list.
    """
    if isinstance(actions, str):
        raise DeclarationError(f"tool {tool}: actions is the text {actions!r}; write a list, [{actions!r}]")
    return tuple(sorted({Permission.parse(action, tool=tool) for action in actions}))


def checked_self_check(
    parameters: Mapping[str, Parameter], arguments: Mapping[str, Any], *, tool: str
) -> Mapping[str, Any]:
    """The arguments of a tool's self-check, when the tool takes them.

    Raises:
        DeclarationError: It does not.
    """
    try:
        read_arguments(parameters, arguments, tool=tool)
    except ToolError as error:
        raise DeclarationError(
            f"tool {tool}: self_check is {dict(arguments)!r}, which it does not take ({error}); give the arguments of "
            "a call that has to succeed wherever the tool is deployed"
        ) from error
    return arguments


def read_signature(function: Callable[..., Any], *, tool: str, described: Mapping[str, str] | None = None) -> Signature:
    """What a function takes.

    Args:
        function: The function.
        tool: The tool's name, for errors.
        described: Descriptions of parameters that the docstring may leave out.

    Raises:
        DeclarationError: A parameter has no hint or description, or a type that a schema does not have.
    """
    if inspect.iscoroutinefunction(function):
        raise DeclarationError(f"tool {tool}: Lambda calls it without an event loop; write def instead of async def")
    hints = typing.get_type_hints(function)
    entries = docstrings.read(function).entries
    descriptions = {**(described or {}), **entries}
    parameters: dict[str, Parameter] = {}
    injected: dict[str, Injection] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        where = f"tool {tool}, parameter {name}"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DeclarationError(f"{where}: it cannot be passed by name; declare a plain parameter")
        if name not in hints:
            raise DeclarationError(f"{where}: it has no type hint")
        if hints[name] in INJECTIONS:
            injected[name] = INJECTIONS[hints[name]]
        elif not descriptions.get(name):
            raise DeclarationError(f"{where}: its description is missing; add '{name}: …' under Args: in the docstring")
        else:
            required = parameter.default is parameter.empty
            shape = shape_of(hints[name], where=where)
            parameters[name] = Parameter(shape, descriptions[name], required, None if required else parameter.default)
    surplus = [name for name in entries if name not in parameters and name not in injected]
    if surplus:
        raise DeclarationError(f"tool {tool}: Args: describes {', '.join(surplus)}, which it does not take")
    return Signature(function, parameters, injected)


def _answer(hint: Any, *, tool: str) -> Record | None:
    """The shape of a TypedDict answer; None for a plain dict."""
    if hint is None:
        raise DeclarationError(f"tool {tool}: it has no return type; use dict or a TypedDict")
    shape = shape_of(hint, where=f"tool {tool}, its answer")
    if isinstance(shape, Record):
        return shape
    if isinstance(shape, Mapped):
        return None
    raise DeclarationError(f"tool {tool}: it answers {hint}; use dict or a TypedDict, so that answers can grow")
