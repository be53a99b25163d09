"""Type hints to shapes."""

import types
import typing
from typing import Any, Literal, Union, get_args, get_origin

from toolkit import docstrings
from toolkit.errors import DeclarationError
from toolkit.shapes import Array, Choice, Mapped, Nullable, Record, Scalar, Shape

SUPPORTED = "str, int, float, bool, list[X], dict, dict[str, X], Literal of strings or integers, TypedDict, X | None"

_SCALARS: dict[Any, Scalar] = {
    str: Scalar("string", str),
    int: Scalar("integer", int),
    float: Scalar("number", float),
    bool: Scalar("boolean", bool),
}


def shape_of(hint: Any, *, where: str) -> Shape:
    """The shape of a type hint.

    Args:
        hint: A resolved hint (not a string).
        where: Names the tool and parameter in the error.

    Raises:
        DeclarationError: The hint cannot be put into AgentCore's schema.
    """
    if hint in _SCALARS:
        return _SCALARS[hint]
    if typing.is_typeddict(hint):
        return _record(hint, where)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _choice(hint, arguments, where)
    if origin is list and len(arguments) == 1:
        return Array(shape_of(arguments[0], where=where))
    if hint is dict or (origin is dict and arguments[0] is str):
        anything = not arguments or arguments[1] in (Any, object)
        return Mapped(None if anything else shape_of(arguments[1], where=where))
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        if len(inner) == 1:
            return Nullable(shape_of(inner[0], where=where))
    raise DeclarationError(f"{where}: the type {_name(hint)} is not supported; use one of {SUPPORTED}")


def _choice(hint: Any, values: tuple[Any, ...], where: str) -> Choice:
    kinds = {type(value) for value in values}
    if kinds not in ({str}, {int}):
        raise DeclarationError(f"{where}: {_name(hint)} mixes types; use strings alone or integers alone")
    return Choice(values)


def _record(hint: Any, where: str) -> Record:
    members = typing.get_type_hints(hint)  # without include_extras, Required and NotRequired are taken off
    shapes = {name: shape_of(member, where=f"{where}.{name}") for name, member in members.items()}
    entries = docstrings.read(hint, section="Attributes:").entries
    return Record(shapes, frozenset(hint.__required_keys__), entries)


def _name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
