"""Turns what pydantic found wrong into sentences for a person: key, value, what is wrong, the way out."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stacks.settings.base import IN_WORDS

_WANTED = {
    "int_type": "a whole number",
    "string_type": "text (in quotes)",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys and values",
    "model_type": "a mapping of keys and values",
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
        path = [str(part) for part in detail["loc"] if part != "[key]"]
        yield f"{'.'.join(path)}: {_what(detail, path, model)}"


def _has_mistakes_inside(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    place = detail["loc"]
    return any(len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in details)


def _what(detail: ErrorDetails, path: list[str], model: type[BaseModel]) -> str:
    value, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            sentence = _unknown_key(path, model)
        case "missing":
            sentence = "is missing: add it"
        case "value_error":
            shown = "" if isinstance(value, BaseModel | dict | list | tuple) else f"{value!r} "
            sentence = f"{shown}{context['error']}"
        case "literal_error":
            sentence = f"{value!r} is not known: {_closest(value, context['expected'])}"
        case "string_pattern_mismatch":
            sentence = f"{value!r} is refused: write {IN_WORDS[context['pattern']]}"
        case kind if kind in _BOUNDS:
            sentence = _BOUNDS[kind](value, context)
        case kind if kind in _WANTED:
            sentence = f"{'nothing' if value is None else repr(value)} stands here: write {_WANTED[kind]}"
        case _:
            sentence = f"{value!r} is refused: {detail['msg'][0].lower()}{detail['msg'][1:]}"
    return sentence


def _closest(value: object, expected: str) -> str:
    names = [name.strip(" '") for name in expected.replace(" or ", ", ").split(",")]
    near = get_close_matches(value, names, n=1) if isinstance(value, str) else []
    return (f"did you mean {near[0]}? " if near else "") + f"use one of {', '.join(names)}"


def _unknown_key(path: list[str], model: type[BaseModel]) -> str:
    known = list(_fields_at(path[:-1], model))
    near = get_close_matches(path[-1], known, n=1)
    return "is an unknown key: " + (f"did you mean {near[0]}? " if near else "") + f"known here are {', '.join(known)}"


def _fields_at(path: list[str], model: type[BaseModel]) -> list[str]:
    """The keys known in the section that `path` leads to."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[part].annotation
        else:
            current = typing.get_args(current)[-1]  # dict[name, Section] → Section
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []
