"""A synthesized template as the rules see it: resources, what they refer to, and what must exist before them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_SUB_NAME = re.compile(r"\$\{(?!!)([A-Za-z0-9]+)")

Value = Any
"""A JSON value of a template: literal, list, object or intrinsic."""


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    logical_id: str
    type: str
    body: Mapping[str, Value]

    @property
    def properties(self) -> Mapping[str, Value]:
        """The resource's properties, empty when it has none."""
        properties: Mapping[str, Value] = self.body.get("Properties", {})
        return properties

    def get(self, path: str) -> Value:
        """The property at a dotted path, None where a part of it is missing or the parent is no object."""
        value: Value = self.properties
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


class Template:
    """The resources of one template and the order CloudFormation must create them in."""

    def __init__(self, body: Mapping[str, Value], *, path: str = "") -> None:
        self.path = path
        """File the template was read from, as absolute path."""
        self.resources = {
            logical_id: Resource(logical_id, resource["Type"], resource)
            for logical_id, resource in body.get("Resources", {}).items()
        }

    @classmethod
    def read(cls, path: str) -> "Template":
        """The template in a JSON file."""
        return cls(json.loads(Path(path).read_text(encoding="utf-8")), path=path)

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Every resource of one of these CloudFormation types, in the template's order."""
        return (resource for resource in self.resources.values() if resource.type in types)

    @cached_property
    def _waits_for(self) -> dict[str, frozenset[str]]:
        """For each logical id what it names itself, by DependsOn or by reference."""
        return {
            logical_id: frozenset(_named(resource.body)) & self.resources.keys()
            for logical_id, resource in self.resources.items()
        }

    def before(self, logical_id: str) -> frozenset[str]:
        """Logical ids that CloudFormation creates before this one, directly or by a chain of dependencies.

        Dependencies are DependsOn, Ref, Fn::GetAtt and Fn::Sub
        (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html).
        """
        reached: set[str] = set()
        pending = [logical_id]
        while pending:
            fresh = self._waits_for[pending.pop()] - reached
            reached |= fresh
            pending.extend(fresh)
        return frozenset(reached)

    def referred(self, value: Value) -> Resource | None:
        """The resource that a Ref or Fn::GetAtt value names, None for anything else."""
        if isinstance(value, Mapping) and len(value) == 1:
            for name in _named(value):
                return self.resources.get(name)
        return None


def _named(value: Value) -> Iterator[str]:
    """Every name that a template value refers to, pseudo parameters included."""
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, Mapping):
        for key, content in value.items():
            match key, content:
                case "Ref", str():
                    yield content
                case "Fn::GetAtt", [str() as name, *_]:
                    yield name
                case "Fn::GetAtt", str():
                    yield content.partition(".")[0]
                case "Fn::Sub", _:
                    pattern = content if isinstance(content, str) else content[0]
                    yield from _SUB_NAME.findall(pattern)
                    yield from _named(content)
                case "DependsOn", str():
                    yield content
                case "DependsOn", list():
                    yield from content
                case _:
                    yield from _named(content)


def as_list(value: Value) -> list[Value]:
    """A list as it is, nothing as an empty list, a single value in a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_text(value: Value) -> str:
    """A value as one line of text in which every intrinsic stands in angle brackets: ``https://<Pool.Url>/x``."""
    match value:
        case str() | {"Fn::Sub": str()} | {"Fn::Sub": [str(), *_]}:
            pattern = value if isinstance(value, str) else as_list(value["Fn::Sub"])[0]
            text = re.sub(r"\$\{([^}]*)\}", r"<\1>", pattern)
        case {"Ref": name}:
            text = f"<{name}>"
        case {"Fn::GetAtt": names}:
            text = f"<{'.'.join(as_text(name) for name in as_list(names))}>"
        case {"Fn::Join": [str() as delimiter, list() as items]}:
            text = delimiter.join(as_text(item) for item in items)
        case _:
            text = f"<{json.dumps(value, separators=(',', ':'))}>"
    return text
