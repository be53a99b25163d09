"""CloudFormation's own resource schemas, and what a resource's properties violate of them.

The schemas are read as data from an installed cfn-lint, which publishes the CloudFormation registry's schemas
(docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html) with corrections.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from local.emulator.settings import REGION

Schema = Mapping[str, Any]


class ResourceSchema:
    """One resource type's schema: what it accepts, what it answers, what a change replaces."""

    def __init__(self, document: Schema) -> None:
        """Wrap the parsed schema document."""
        self.document = document

    @cached_property
    def create_only(self) -> tuple[str, ...]:
        """Top-level properties whose change replaces the resource."""
        return self._top_level("createOnlyProperties")

    @cached_property
    def read_only(self) -> frozenset[str]:
        """Top-level properties that only AWS sets: attributes for Fn::GetAtt."""
        return frozenset(self._top_level("readOnlyProperties"))

    def problems(self, properties: Mapping[str, Any]) -> list[str]:
        """What is wrong with `properties`, one phrase each, the property's path first; intrinsics pass."""
        refused = [f"{name}: is set by AWS only" for name in sorted(self.read_only) if _present(properties, name)]
        return refused + list(_Checker(self.document).check(self.document, properties, ""))

    def _top_level(self, keyword: str) -> tuple[str, ...]:
        pointers = [pointer.split("/")[2:] for pointer in self.document.get(keyword, ())]
        return tuple(path[0] for path in pointers if len(path) == 1)


class ResourceSchemas:
    """The schemas of every resource type of one region, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        """`folder` is cfn-lint's `data/schemas`."""
        self._folder = folder
        self._files: dict[str, str] = json.loads((folder / "providers" / f"{REGION}.json").read_text())
        self._loaded: dict[str, ResourceSchema] = {}

    def get(self, resource_type: str) -> ResourceSchema | None:
        """The type's schema, or None when AWS has no such type."""
        if resource_type not in self._files:
            return None
        if resource_type not in self._loaded:
            path = self._folder / "resources" / f"{self._files[resource_type]}.json"
            self._loaded[resource_type] = ResourceSchema(json.loads(path.read_text()))
        return self._loaded[resource_type]


class _Checker:
    """Checks a value against the part of JSON Schema draft 7 that resource schemas use.

    CloudFormation converts between strings, numbers and booleans, so these types are interchangeable where the
    text allows it. A value that an intrinsic function gives later is not judged.
    """

    def __init__(self, root: Schema) -> None:
        self._root = root

    def check(self, schema: Schema, value: Any, path: str) -> Iterator[str]:
        """The problems of `value`, found at `path`."""
        for branch in _possible_values(value):
            yield from self._check(schema, branch, path)

    def _check(self, schema: Schema, value: Any, path: str) -> Iterator[str]:
        schema = self._target(schema)
        if problem := _type_problem(schema, value):
            yield f"{path or 'Properties'}: {problem}"
            return
        if isinstance(value, Mapping):
            yield from self._object(schema, value, path)
        elif isinstance(value, list):
            yield from self._list(schema, value, path)
        else:
            yield from (f"{path}: {problem}" for problem in _scalar_problems(schema, value))
        yield from self._combinations(schema, value, path)

    def _object(self, schema: Schema, value: Mapping[str, Any], path: str) -> Iterator[str]:
        known: Schema = schema.get("properties", {})
        patterns: Schema = schema.get("patternProperties", {})
        for name, member in value.items():
            below = f"{path}.{name}" if path else name
            if name in known:
                yield from self.check(known[name], member, below)
                continue
            matching = [sub for pattern, sub in patterns.items() if _matches(pattern, name)]
            for sub in matching:
                yield from self.check(sub, member, below)
            if not matching and schema.get("additionalProperties", True) is False:
                yield f"{below}: unknown property"
        for name in schema.get("required", ()):
            if not _present(value, name):
                yield f"{f'{path}.{name}' if path else name}: is required"

    def _list(self, schema: Schema, value: list[Any], path: str) -> Iterator[str]:
        if len(value) > schema.get("maxItems", len(value)):
            yield f"{path}: has {len(value)} items, at most {schema['maxItems']} are allowed"
        if len(value) < schema.get("minItems", 0):
            yield f"{path}: has {len(value)} items, at least {schema['minItems']} are needed"
        items = schema.get("items")
        if isinstance(items, Mapping):
            for index, item in enumerate(value):
                yield from self.check(items, item, f"{path}[{index}]")

    def _combinations(self, schema: Schema, value: Any, path: str) -> Iterator[str]:
        for part in schema.get("allOf", ()):
            yield from self._check(part, value, path)
        for keyword in ("oneOf", "anyOf"):
            branches = schema.get(keyword)
            if not branches:
                continue
            found = [list(self._check(branch, value, path)) for branch in branches]
            passing = sum(1 for problems in found if not problems)
            if not passing:
                yield from self._closest([self._target(branch) for branch in branches], found, value, path)
            elif passing > 1 and keyword == "oneOf" and _exclusive(branches):
                yield f"{path or 'Properties'}: more than one alternative is given, exactly one is allowed"

    def _closest(self, branches: list[Schema], found: list[list[str]], value: Any, path: str) -> list[str]:
        """What to say when no alternative fits: what is wrong with the one that is meant, or which there are."""
        required = [set(branch.get("required", ())) for branch in branches]
        if not isinstance(value, Mapping) or not all(required):
            return min(found, key=len)
        meant = [problems for names, problems in zip(required, found, strict=True) if names <= value.keys()]
        if meant:
            return min(meant, key=len)
        known = {name for branch in branches for name in branch.get("properties", {})}
        unknown = [f"{path}.{name}: unknown property" for name in value if known and name not in known]
        return [*unknown, f"{path or 'Properties'}: one of {', '.join(sorted(set().union(*required)))} is required"]

    def _target(self, schema: Schema) -> Schema:
        return self._resolve(schema["$ref"]) if "$ref" in schema else schema

    def _resolve(self, reference: str) -> Schema:
        node: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        return node if isinstance(node, Mapping) else {}


def is_intrinsic(value: Any) -> bool:
    """Whether CloudFormation replaces this value when it deploys."""
    if isinstance(value, str):
        return "{{resolve:" in value
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    name = next(iter(value))
    return isinstance(name, str) and (name == "Ref" or name.startswith("Fn::"))


def _possible_values(value: Any) -> Iterator[Any]:
    """The literal values that `value` can take: itself, the branches of Fn::If, nothing for other intrinsics."""
    if not is_intrinsic(value):
        yield value
    elif isinstance(value, Mapping) and isinstance(value.get("Fn::If"), list):
        for branch in value["Fn::If"][1:]:
            yield from _possible_values(branch)


def _present(value: Mapping[str, Any], name: str) -> bool:
    return name in value and value[name] != {"Ref": "AWS::NoValue"}


def _type_problem(schema: Schema, value: Any) -> str | None:
    wanted = schema.get("type")
    if wanted is None:
        return None
    types = wanted if isinstance(wanted, list) else [wanted]
    if any(_is_of(name, value) for name in types):
        return None
    return f"is {_kind(value)}, {' or '.join(types)} is needed"


def _is_of(name: str, value: Any) -> bool:
    text = str(value).lower()
    scalar = isinstance(value, str | int | float)
    match name:
        case "object":
            return isinstance(value, Mapping)
        case "array":
            return isinstance(value, list)
        case "boolean":
            return scalar and text in {"true", "false"}
        case "integer":
            return scalar and not isinstance(value, bool) and _matches(r"^-?\d+(\.0+)?$", text)
        case "number":
            return scalar and not isinstance(value, bool) and _matches(r"^-?\d+(\.\d+)?([eE]-?\d+)?$", text)
        case _:
            return scalar


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return repr(value)


def _scalar_problems(schema: Schema, value: Any) -> Iterator[str]:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    allowed = [str(option).lower() if isinstance(option, bool) else str(option) for option in schema.get("enum", ())]
    if allowed and text not in allowed:
        yield f"is {value!r}, allowed are {', '.join(allowed)}"
    if "const" in schema and value != schema["const"]:
        yield f"is {value!r}, {schema['const']!r} is needed"
    if "pattern" in schema and not _matches(schema["pattern"], text):
        yield f"is {value!r}, which does not match {schema['pattern']}"
    if schema.get("type") == "string":
        if len(text) > schema.get("maxLength", len(text)):
            yield f"has {len(text)} characters, at most {schema['maxLength']} are allowed"
        if len(text) < schema.get("minLength", 0):
            yield f"has {len(text)} characters, at least {schema['minLength']} are needed"
    elif {"minimum", "maximum"} & schema.keys() and not isinstance(value, bool):
        number = float(text)
        if not schema.get("minimum", number) <= number <= schema.get("maximum", number):
            yield f"is {value!r}, from {schema.get('minimum', '-∞')} to {schema.get('maximum', '∞')} is allowed"


def _exclusive(branches: list[Schema]) -> bool:
    """Whether the branches name different required properties, so that two of them at once are a mistake."""
    required = [frozenset(branch.get("required", ())) for branch in branches]
    return all(required) and len(set(required)) == len(required)


@cache
def _pattern(source: str) -> re.Pattern[str] | None:
    """The schema's ECMAScript pattern for Python, or None where Python has no equivalent (Unicode classes)."""
    try:
        return re.compile(source)
    except re.error:
        return None


def _matches(source: str, text: str) -> bool:
    pattern = _pattern(source)
    return pattern is None or pattern.search(text) is not None
