"""The page of configuration keys, from the settings models: their JSON schema carries types, bounds and docstrings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from docs.generator.markdown import code, page, table
from stacks.settings import EnvironmentSettings, PlatformGroups, TenantSettings
from stacks.settings.base import IN_WORDS

Schema = dict[str, Any]
_TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "mapping", "array": "list"}


def configuration_page() -> str:
    """Every key of the files in `config/`."""
    parts = [
        "Unknown keys, wrong types and values that AWS would refuse end a synthesis with one sentence each, which "
        "names file, key, value and the way out. Keys without a default have to be given."
    ]
    for heading, model in (
        ("config/<environment>.yaml", EnvironmentSettings),
        ("config/tenants/<tenant>.yaml", TenantSettings),
        ("config/policies/groups.yaml", PlatformGroups),
    ):
        parts += [f"## {code(heading)}", *_sections(model)]
    return page("Configuration", *parts)


def _sections(model: type[BaseModel]) -> Iterator[str]:
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    waiting = [("", schema)]
    told: set[str] = set()
    while waiting:
        path, section = waiting.pop(0)
        if path:
            yield f"### {code(path)}"
        yield section["description"]
        rows, below = [], []
        for key, value in section["properties"].items():
            place = f"{path.partition(' (')[0]}.{key}" if path else key
            default = "" if key in section.get("required", ()) else code(_yaml(value.get("default")))
            nested, kind = _kind(value, place)
            below += [(at, definitions[name]) for at, name in nested if name not in told]
            told.update(name for _, name in nested)
            if nested:
                default = default and ("see there" if value.get("default") not in ({}, [], None) else default)
            rows.append((code(key), kind, default, value.get("description") or _meaning(nested, definitions)))
        yield table(("key", "type", "default", "meaning"), rows)
        waiting = below + waiting


def _meaning(nested: list[tuple[str, str]], definitions: Schema) -> str:
    """What a key is for that does not say so itself: what its section says, or that it tells kinds apart."""
    return str(definitions[nested[-1][1]]["description"]) if nested else "What the other keys are about."


def _kind(value: Schema, place: str) -> tuple[list[tuple[str, str]], str]:
    """The sections that `value` opens (each a path and a definition), and the type in words."""
    if choice := next((one for one in value.get("anyOf", ()) if "$ref" in one or "oneOf" in one), None):
        return _kind(choice, place)
    if "$ref" in value:
        return [(place, _definition(value))], f"section {code(place)}"
    if "discriminator" in value:
        kinds = value["discriminator"]["mapping"]
        nested = [(f"{place} (kind: {kind})", reference.rpartition("/")[2]) for kind, reference in kinds.items()]
        return nested, f"section {code(place)} of one of the kinds {', '.join(code(kind) for kind in kinds)}"
    if value.get("type") == "object" and "patternProperties" in value:
        [entry] = value["patternProperties"].values()
        nested, words = _kind(entry, f"{place}.<name>")
        return (
            nested,
            f"mapping of names to {_plural(entry) if not nested else words.replace('section', 'sections', 1)}",
        )
    if value.get("type") == "array" and "$ref" in value["items"]:
        return [(f"{place}[]", _definition(value["items"]))], f"list of sections {code(f'{place}[]')}"
    return [], _words(value)


def _definition(value: Schema) -> str:
    return str(value["$ref"].rpartition("/")[2])


def _plural(entry: Schema) -> str:
    return f"lists of: {_words(entry['items'])}" if entry.get("type") == "array" else _words(entry)


def _words(value: Schema) -> str:
    if "anyOf" in value:
        return _words(next(choice for choice in value["anyOf"] if choice.get("type") != "null"))
    if "enum" in value or "const" in value:
        choices = [code(choice) for choice in value.get("enum", [value.get("const")])]
        return f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0]
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
