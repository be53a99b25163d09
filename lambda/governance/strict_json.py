"""Reads JSON so that every reader after this one reads the same (RFC 8259 §4, §8; RFC 7493).

Two parsers that disagree on a body let a caller show a policy one thing and a tool another: a member given twice, half
a surrogate pair, bytes that are no UTF-8, a number that is none, nesting that only one of them survives. All of these
are refused.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from governance.refusals import RefusedError

_REPLACEMENT = "\ufffd"
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def read(text: object, *, max_bytes: int, max_depth: int) -> Any:
    """The value of a JSON text.

    Args:
        text: The body. Bytes that are no UTF-8 have become U+FFFD on the way here, so a body that holds one as itself
            is refused; written as an escape, it is a character like any other.
        max_bytes: How large it may be, in UTF-8.
        max_depth: How deep arrays and objects may nest; a body without any has depth 0.

    Raises:
        RefusedError: It is no text, too large, too deep, no UTF-8, no JSON, or gives a member twice.
    """
    if not isinstance(text, str):
        raise RefusedError("body_not_json")
    if len(text) > max_bytes:
        raise RefusedError("body_too_large")
    try:
        if len(text.encode()) > max_bytes:
            raise RefusedError("body_too_large")
    except UnicodeEncodeError:
        raise RefusedError("body_not_utf8") from None
    if _REPLACEMENT in text:
        raise RefusedError("body_not_utf8")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise RefusedError("body_too_deep") from None
    except ValueError:
        raise RefusedError("body_not_json") from None
    _check_depth(value, max_depth)
    if _SURROGATE_ESCAPE.search(text):
        _check_surrogates(value)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RefusedError("duplicate_key")
    return found


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):  # 1e999, which no JSON text can say again
        raise RefusedError("body_not_json")
    return value


def _constant(_: str) -> Any:
    raise RefusedError("body_not_json")  # NaN, Infinity: Python's, not JSON's


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=_number, parse_constant=_constant)


def _check_depth(value: Any, max_depth: int) -> None:
    level = [value]
    for _ in range(max_depth + 1):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not level:
            return
    raise RefusedError("body_too_deep")


def _inside(value: dict[str, Any] | list[Any]) -> Any:
    return value.values() if isinstance(value, dict) else value


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise RefusedError("body_not_utf8") from None
