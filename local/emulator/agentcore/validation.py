"""Checks a request against the API's model: what the service itself refuses, clients see refused here.

botocore checks types and required members before it sends; patterns, lengths and enumerations are the service's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.emulator.agentcore.errors import invalid

_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "structure": dict,
    "map": dict,
    "list": list,
}


def check(request: Mapping[str, Any], shape: StructureShape) -> None:
    """Raise ValidationException with every violation, worded as AWS words them."""
    problems = list(_violations(request, shape, ""))
    if problems:
        noun = "error" if len(problems) == 1 else "errors"
        raise invalid(f"{len(problems)} validation {noun} detected: {'; '.join(problems)}")


def _violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape) and shape.is_document_type:
        return
    wanted = _PYTHON_TYPES.get(shape.type_name)
    if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)):
        yield f"Value at '{path}' failed to satisfy constraint: Member must be of type {shape.type_name}"
    elif isinstance(shape, StructureShape):
        yield from _structure(value, shape, path)
    elif isinstance(shape, MapShape):
        yield from _size(len(value), shape, path)
        for key, item in value.items():
            yield from _violations(key, shape.key, f"{path}.key")
            yield from _violations(item, shape.value, f"{path}.{key}")
    elif isinstance(shape, ListShape):
        yield from _size(len(value), shape, path)
        for index, item in enumerate(value, start=1):
            yield from _violations(item, shape.member, f"{path}.{index}.member")
    elif isinstance(value, str):
        yield from _string(value, shape, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _range(value, shape, path)


def _structure(value: Mapping[str, Any], shape: StructureShape, path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_below(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, item in value.items():
        if name not in shape.members:
            yield f"Value at '{_below(path, name)}' is not a member of {shape.name}"
        elif item is not None:
            yield from _violations(item, shape.members[name], _below(path, name))
    given = [name for name, item in value.items() if item is not None]
    if shape.is_tagged_union and len(given) != 1:
        yield (
            f"Value at '{path}' failed to satisfy constraint: exactly one of {', '.join(shape.members)} must be "
            f"given, not {len(given)}"
        )


def _string(value: str, shape: Shape, path: str) -> Iterator[str]:
    shown = "'[redacted]'" if shape.metadata.get("sensitive") else f"'{value}'"
    constraint = f"Value {shown} at '{path}' failed to satisfy constraint: Member must"
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield f"{constraint} satisfy enum value set: [{', '.join(allowed)}]"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"{constraint} satisfy regular expression pattern: {pattern}"
    yield from _size(len(value), shape, path)


def _size(length: int, shape: Shape, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    constraint = f"Value at '{path}' failed to satisfy constraint: Member must have length"
    if low is not None and length < low:
        yield f"{constraint} greater than or equal to {low}"
    if high is not None and length > high:
        yield f"{constraint} less than or equal to {high}"


def _range(value: float, shape: Shape, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    constraint = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have value"
    if low is not None and value < low:
        yield f"{constraint} greater than or equal to {low}"
    if high is not None and value > high:
        yield f"{constraint} less than or equal to {high}"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
