"""The types that a tool's parameters and answers can have: each knows its schema and how to read a value.

AgentCore's schema has type, properties, required, items and description, and nothing else (no enum, oneOf, format
or default: https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_SchemaDefinition.html),
so what the schema cannot say stands in the description and is checked when the value is read.
"""

# ruff: noqa: D102 - the protocol documents the three methods that every shape has

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Schema = dict[str, Any]


class Shape(Protocol):
    """One type of value."""

    def schema(self) -> Schema:
        """The type in AgentCore's subset."""

    def remark(self) -> str:
        """What the schema cannot say, as a sentence for the description; empty when it says all."""

    def read(self, value: Any, where: str, problems: list[str]) -> Any:
        """Give the value as Python wants it, and add a sentence to `problems` for each thing wrong with it.

        Args:
            value: As it came from JSON.
            where: How to name the value in a problem, such as `ids[2]`.
            problems: Collects the sentences.
        """


@dataclass(frozen=True)
class Scalar:
    """A string, number, integer or boolean."""

    name: str
    python: type

    def schema(self) -> Schema:
        return {"type": self.name}

    def remark(self) -> str:
        return ""

    def read(self, value: Any, where: str, problems: list[str]) -> Any:
        if self.python is int and isinstance(value, float) and value.is_integer():
            return int(value)  # JSON has one kind of number; 5.0 is an integer there
        if self.python is float and type(value) is int:
            return float(value)
        if type(value) is not self.python:
            problems.append(f"{where} must be {_article(self.name)}, not {_kind(value)}")
        return value


@dataclass(frozen=True)
class Choice:
    """One of some strings or integers."""

    values: tuple[str | int, ...]

    def schema(self) -> Schema:
        return {"type": "string" if isinstance(self.values[0], str) else "integer"}

    def remark(self) -> str:
        return f"One of: {self._listed()}."

    def read(self, value: Any, where: str, problems: list[str]) -> Any:
        if not any(value == allowed and type(value) is type(allowed) for allowed in self.values):
            problems.append(f"{where} must be one of {self._listed()}, not {value!r}")
        return value

    def _listed(self) -> str:
        return ", ".join(str(value) for value in self.values)


@dataclass(frozen=True)
class Array:
    """A list of one type."""

    items: Shape

    def schema(self) -> Schema:
        return {"type": "array", "items": described(self.items, "")}

    def remark(self) -> str:
        return ""

    def read(self, value: Any, where: str, problems: list[str]) -> Any:
        if not isinstance(value, list):
            problems.append(f"{where} must be an array, not {_kind(value)}")
            return value
        return [self.items.read(item, f"{where}[{index}]", problems) for index, item in enumerate(value)]


@dataclass(frozen=True)
class Mapped:
    """An object with any keys, whose values have one type or any (None)."""

    values: Shape | None = None

    def schema(self) -> Schema:
        return {"type": "object"}

    def remark(self) -> str:
        return "" if self.values is None else f"Each value is {_described_value(self.values)}."

    def read(self, value: Any, where: str, problems: list[str]) -> Any:
        if not isinstance(value, dict):
            problems.append(f"{where} must be an object, not {_kind(value)}")
            return value
        if self.values is None:
            return value
        return {key: self.values.read(item, f"{where}.{key}", problems) for key, item in value.items()}


@dataclass(frozen=True)
class Record:
    """An object with known keys (a TypedDict)."""

    members: Mapping[str, Shape]
    required: frozenset[str]
    descriptions: Mapping[str, str] = field(default_factory=dict)

    def schema(self) -> Schema:
        properties = {name: described(shape, self.descriptions.get(name, "")) for name, shape in self.members.items()}
        schema: Schema = {"type": "object", "properties": properties}
        if self.required:
            schema["required"] = [name for name in self.members if name in self.required]
        return schema

    def remark(self) -> str:
        return ""

    def read(self, value: Any, where: str, problems: list[str]) -> Any:
        if not isinstance(value, dict):
            problems.append(f"{where} must be an object, not {_kind(value)}")
            return value
        known = ", ".join(self.members)
        problems += [f"{where} has no member {key!r} (it has {known})" for key in value if key not in self.members]
        problems += [
            f"{where}.{name} is required" for name in self.members if name in self.required and name not in value
        ]
        return {
            name: shape.read(value[name], f"{where}.{name}", problems)
            for name, shape in self.members.items()
            if name in value
        }


@dataclass(frozen=True)
class Nullable:
    """A value or null."""

    inner: Shape

    def schema(self) -> Schema:
        return self.inner.schema()

    def remark(self) -> str:
        return self.inner.remark()

    def read(self, value: Any, where: str, problems: list[str]) -> Any:
        return None if value is None else self.inner.read(value, where, problems)


def described(shape: Shape, description: str) -> Schema:
    """A shape's schema with its description and remark."""
    text = " ".join(part for part in (description, shape.remark()) if part)
    return {**shape.schema(), **({"description": text} if text else {})}


def _described_value(shape: Shape) -> str:
    schema = shape.schema()
    if schema["type"] == "array":
        return f"an array of {schema['items']['type']}s"
    return _article(schema["type"])


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeio" else f"a {name}"


def _kind(value: Any) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return "null" if value is None else _article(names[type(value)])
