"""What callers of a tool may rely on, in full: JSON Schema, with what AgentCore's subset cannot say.

A gateway target gets the subset (`toolkit.shapes`), in which allowed values and null are words of a description. The
versions of a server are compared by this instead (R11), so that no prose has to be understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from toolkit.parameters import Parameter
from toolkit.shapes import Array, Choice, Mapped, Nullable, Record, Scalar, Schema, Shape


@dataclass(frozen=True)
class Taken:
    """Which arguments an operation takes.

    Attributes:
        needs: Those that a call must give.
        takes: Those that it may give.
    """

    needs: tuple[str, ...]
    takes: tuple[str, ...]

    @classmethod
    def of(cls, parameters: Mapping[str, Parameter]) -> Self:
        """What an operation with these parameters takes."""
        needs = tuple(name for name, parameter in parameters.items() if parameter.required)
        return cls(needs, tuple(name for name in parameters if name not in needs))


@dataclass(frozen=True)
class Contract:
    """What callers of a tool may rely on.

    Attributes:
        arguments: JSON Schema of the arguments object.
        answer: JSON Schema of the answer, or None when the tool declares none. An answer may have further members.
        operations: What each operation takes, when the tool is a family of them.
    """

    arguments: Schema
    answer: Schema | None
    operations: Mapping[str, Taken] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        parameters: Mapping[str, Parameter],
        *,
        answer: Shape | None,
        operations: Mapping[str, Mapping[str, Parameter]] | None = None,
    ) -> Self:
        """The contract of a tool.

        Args:
            parameters: What it takes.
            answer: What it answers, when it says so.
            operations: What each of its operations takes, when it has several.
        """
        return cls(
            _arguments(parameters),
            json_schema(answer) if answer else None,
            {name: Taken.of(taken) for name, taken in (operations or {}).items()},
        )


def _arguments(parameters: Mapping[str, Parameter]) -> Schema:
    properties = {
        name: {**json_schema(parameter.shape), "description": parameter.text()}
        for name, parameter in parameters.items()
    }
    required = [name for name, parameter in parameters.items() if parameter.required]
    return {"type": "object", "properties": properties, "required": required}


def json_schema(shape: Shape) -> Schema:
    """The whole of a shape in JSON Schema (https://json-schema.org/draft/2020-12).

    Raises:
        TypeError: The shape is of a kind that this function does not know yet.
    """
    match shape:
        case Scalar(name=name):
            return {"type": name}
        case Choice(values=values):
            return {**shape.schema(), "enum": list(values)}
        case Array(items=items):
            return {"type": "array", "items": json_schema(items)}
        case Mapped(values=values):
            return {"type": "object", **({"additionalProperties": json_schema(values)} if values else {})}
        case Record():
            return _record(shape)
        case Nullable(inner=inner):
            return _or_null(json_schema(inner))
    raise TypeError(f"no JSON Schema for {type(shape).__name__}")


def _record(shape: Record) -> Schema:
    described = {name: {"description": text} for name, text in shape.descriptions.items()}
    properties = {name: {**json_schema(member), **described.get(name, {})} for name, member in shape.members.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in shape.members if name in shape.required],
    }


def _or_null(schema: Schema) -> Schema:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **values, "type": list(dict.fromkeys([*kinds, "null"]))}
