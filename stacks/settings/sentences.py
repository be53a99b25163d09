"""Turns what pydantic found wrong into sentences for a person: key, value, what is wrong, the way out."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stacks.settings.base import IN_WORDS
from stacks.settings.suggestions import did_you_mean, one_of

_WANTED = {
    "int_type": "a whole number",
    "string_type": "text (in quotes)",
    "date_type": "a day without quotes, like 2027-06-30",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys and values",
    "model_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
    "tuple_type": "a list",
}
_BOUNDS: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda value, limit: f"{value!r} is too small: use {limit['ge']} or more",
    "less_than_equal": lambda value, limit: f"{value!r} is too large: use {limit['le']} or less",
    "string_too_long": lambda value, limit: f"{value!r} has {len(value)} characters: use {limit['max_length']} at most",
    "too_short": lambda _, limit: f"has {limit['actual_length']} entries: write {limit['min_length']} or more",
    "too_long": lambda _, limit: f"has {limit['actual_length']} entries: write {limit['max_length']} at most",
}


def sentences(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """One sentence `key: value …: way out` for each mistake in `error`, found while validating `model`."""
    details = error.errors(include_url=False)
    for detail in details:
        if detail["type"] == "too_short" and _has_mistakes_inside(detail, details):
            continue  # pydantic counts the right entries only
        path, section = _place([str(part) for part in detail["loc"] if part != "[key]"], model)
        if detail["type"].startswith("union_tag"):
            path.append("kind")
        yield f"{'.'.join(path)}: {_what(detail, path, section)}"


def _has_mistakes_inside(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    place = detail["loc"]
    return any(len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in details)


def _what(detail: ErrorDetails, path: list[str], section: Any) -> str:
    value, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            sentence = _unknown_key(path[-1], section)
        case "missing":
            sentence = "is missing: add it"
        case "value_error":
            shown = "" if isinstance(value, BaseModel | dict | list | tuple) else f"{_as_written(value)} "
            sentence = f"{shown}{context['error']}"
        case "literal_error":
            sentence = f"{value!r} is not known: {_closest(value, context['expected'])}"
        case "union_tag_not_found":
            sentence = "is missing: add it, to say what the other keys are about"
        case "union_tag_invalid":
            sentence = f"{context['tag']!r} is not known: {_closest(context['tag'], context['expected_tags'])}"
        case "string_pattern_mismatch":
            sentence = f"{value!r} is refused: write {IN_WORDS[context['pattern']]}"
        case kind if kind in _BOUNDS:
            sentence = _BOUNDS[kind](value, context)
        case kind if kind in _WANTED:
            sentence = f"{'nothing' if value is None else repr(value)} stands here: write {_WANTED[kind]}"
        case _:
            sentence = f"{value!r} is refused: {detail['msg'][0].lower()}{detail['msg'][1:]}"
    return sentence


def _as_written(value: object) -> str:
    """A value as the file has it, or nearly so."""
    return str(value) if isinstance(value, date) else repr(value)


def _closest(value: object, expected: str) -> str:
    names = [name.strip(" '") for name in expected.replace(" or ", ", ").split(",")]
    return one_of(value, names)


def _unknown_key(key: str, section: Any) -> str:
    models = [one for one in _options(section) if isinstance(one, type) and issubclass(one, BaseModel)]
    known = list(models[0].model_fields) if len(models) == 1 else []
    return f"is an unknown key: {did_you_mean(key, known)}known here are {', '.join(known)}"


def _place(location: list[str], model: type[BaseModel]) -> tuple[list[str], Any]:
    """The keys that lead to `location`, as they stand in the file, and the section that holds the last of them.

    Where a section is of one of several kinds, pydantic puts the kind among the keys.
    """
    path: list[str] = []
    section: Any = model
    current: Any = model
    for part in location:
        kinds = {typing.get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in _kinds(current)}
        if part in kinds:
            current = kinds[part]
            continue
        path.append(part)
        section, current = current, _inside(current, part)
    return path, section


def _inside(current: Any, part: str) -> Any:
    """What stands under `part` in a section, a mapping or a list; None where that is nothing more."""
    sections = [option for option in _options(current) if isinstance(option, type) and issubclass(option, BaseModel)]
    if sections:
        return sections[0].model_fields[part].annotation if part in sections[0].model_fields else None
    for option in _options(current):
        if typing.get_args(option):
            return typing.get_args(option)[1 if typing.get_origin(option) is dict else 0]
    return None


def _kinds(annotation: Any) -> list[type[BaseModel]]:
    """The sections among which `kind` decides, if there are several."""
    found = [o for o in _options(annotation) if isinstance(o, type) and issubclass(o, BaseModel)]
    return [kind for kind in found if "kind" in kind.model_fields] if len(found) > 1 else []


def _options(annotation: Any) -> Iterator[Any]:
    """What a union is of; any other annotation itself. `Annotated` is looked through."""
    if typing.get_origin(annotation) is typing.Annotated:
        yield from _options(typing.get_args(annotation)[0])
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for option in typing.get_args(annotation):
            yield from _options(option)
    else:
        yield annotation
