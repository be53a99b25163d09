"""The page of configuration keys, from the settings models: their JSON schema carries types, bounds and docstrings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from docs.generator.markdown import code, page, table
from stacks.settings import EnvironmentSettings, TenantSettings
from stacks.settings.base import IN_WORDS

Schema = dict[str, Any]
_TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "mapping", "array": "list"}


def configuration_page() -> str:
    """Every key of `config/<environment>.yaml` and `config/tenants/<tenant>.yaml`."""
    parts = [
        "Unknown keys, wrong types and values that AWS would refuse end a synthesis with one sentence each, which "
        "names file, key, value and the way out. Keys without a default have to be given."
    ]
    for heading, model in (
        ("config/<environment>.yaml", EnvironmentSettings),
        ("config/tenants/<tenant>.yaml", TenantSettings),
    ):
        parts += [f"## {code(heading)}", *_sections(model)]
    return page("Configuration", *parts)


def _sections(model: type[BaseModel]) -> Iterator[str]:
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    waiting = [("", schema)]
    while waiting:
        path, section = waiting.pop(0)
        if path:
            yield f"### {code(path)}"
        yield section["description"]
        rows, below = [], []
        for key, value in section["properties"].items():
            place = f"{path}.{key}" if path else key
            default = "" if key in section.get("required", ()) else code(_yaml(value.get("default")))
            nested, kind = _kind(value, place)
            if nested:
                below.append((nested[0], definitions[nested[1]]))
                default = default and "see there"
            rows.append((code(key), kind, default, value.get("description") or below[-1][1]["description"]))
        yield table(("key", "type", "default", "meaning"), rows)
        waiting = below + waiting


def _kind(value: Schema, place: str) -> tuple[tuple[str, str] | None, str]:
    """The section that `value` opens (its path and definition), if any, and the type in words."""
    if "$ref" in value:
        return (place, value["$ref"].rpartition("/")[2]), f"section {code(place)}"
    if value.get("type") == "object" and "patternProperties" in value:
        [entry] = value["patternProperties"].values()
        if "$ref" in entry:
            path = f"{place}.<name>"
            return (path, entry["$ref"].rpartition("/")[2]), f"mapping of names to sections {code(path)}"
        return None, f"mapping of names to {_plural(entry)}"
    return None, _words(value)


def _plural(entry: Schema) -> str:
    return f"lists of: {_words(entry['items'])}" if entry.get("type") == "array" else _words(entry)


def _words(value: Schema) -> str:
    if "anyOf" in value:
        return _words(next(choice for choice in value["anyOf"] if choice.get("type") != "null"))
    if "enum" in value:
        return f"one of {', '.join(code(choice) for choice in value['enum'])}"
    if "pattern" in value:
        longest = f" ({value['maxLength']} characters at most)" if "maxLength" in value else ""
        return IN_WORDS[value["pattern"]] + longest
    if value["type"] == "array":
        return f"list of: {_words(value['items'])}"
    if value["type"] == "object" and "additionalProperties" in value:
        return f"mapping of names to {_words(value['additionalProperties'])}"
    return _TYPES[value["type"]] + _bounds(value)


def _bounds(value: Schema) -> str:
    least, most = value.get("minimum"), value.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    return f", {least} or more" if least is not None else ""


def _yaml(default: Any) -> str:
    return "none" if default is None else json.dumps(default) if not isinstance(default, str) else default
