"""Filter patterns of CloudWatch Logs for JSON events.

The grammar of docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForJson.html: comparisons of a
property with a text or a number, IS NULL, IS TRUE, IS FALSE, EXISTS and NOT EXISTS, joined by && and || with
parentheses.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<group>[()])
      | (?P<join>&&|\|\|)
      | (?P<compare><=|>=|!=|=|<|>)
      | (?P<selector>\$(?:\.[\w*-]+|\[\d+\])+)
      | (?P<quoted>"(?:[^"\\]|\\.)*")
      | (?P<word>[^\s()&|=!<>"]+)
    )""",
    re.VERBOSE,
)
_PART = re.compile(r"\.([\w*-]+)|\[(\d+)\]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_STATES = {"NULL": None, "TRUE": True, "FALSE": False}
_MISSING = object()

Matches = Callable[[Any], bool]


class PatternError(ValueError):
    """A pattern is not what CloudWatch Logs accepts, or nothing that is known here; the message says where."""


def is_json_pattern(pattern: str) -> bool:
    """Whether the pattern is one for JSON events: CloudWatch Logs tells by the braces."""
    return pattern.strip().startswith("{")


def compile_json_pattern(pattern: str) -> Callable[[str], bool]:
    """A test of an event's message. Raises PatternError."""
    text = pattern.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise PatternError(f"{pattern} has no closing brace")
    parser = _Parser(_tokens(text[1:-1]))
    matches = parser.alternatives()
    if parser.rest:
        raise PatternError(f"{pattern} has {parser.rest[0].text!r} where it should end")

    def test(message: str) -> bool:
        try:
            document = json.loads(message)
        except ValueError:
            return False
        return isinstance(document, dict) and matches(document)

    return test


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise PatternError(f"{text[position:].strip()!r} is nothing that a filter pattern holds")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens that are left, `rest`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.rest = tokens

    def alternatives(self) -> Matches:
        options = [self._conjunction()]
        while self._take("join", "||"):
            options.append(self._conjunction())
        return lambda document: any(option(document) for option in options)

    def _conjunction(self) -> Matches:
        terms = [self._term()]
        while self._take("join", "&&"):
            terms.append(self._term())
        return lambda document: all(term(document) for term in terms)

    def _term(self) -> Matches:
        if self._take("group", "("):
            inner = self.alternatives()
            if not self._take("group", ")"):
                raise PatternError("a parenthesis is not closed")
            return inner
        selector = self._next("selector")
        if self._take("word", "IS"):
            return _state(selector, self._next("word"))
        if self._take("word", "EXISTS"):
            return lambda document: _value(document, selector) is not _MISSING
        if self._take("word", "NOT"):
            if not self._take("word", "EXISTS"):
                raise PatternError(f"NOT after {selector} wants EXISTS")
            return lambda document: _value(document, selector) is _MISSING
        return self._comparison(selector)

    def _comparison(self, selector: str) -> Matches:
        compare = self._next("compare")
        if self.rest and self.rest[0].kind == "quoted":
            return _text(selector, compare, json.loads(self._next("quoted")))
        wanted = self._next("word")
        if _NUMBER.fullmatch(wanted):
            return _number(selector, compare, float(wanted))
        return _text(selector, compare, wanted)

    def _take(self, kind: str, text: str) -> bool:
        if self.rest and self.rest[0] == _Token(kind, text):
            self.rest = self.rest[1:]
            return True
        return False

    def _next(self, kind: str) -> str:
        if not self.rest or self.rest[0].kind != kind:
            found = repr(self.rest[0].text) if self.rest else "the end"
            raise PatternError(f"a {kind} is needed where {found} stands")
        token, self.rest = self.rest[0], self.rest[1:]
        return token.text


def _state(selector: str, word: str) -> Matches:
    if word not in _STATES:
        raise PatternError(f"IS {word} is none of IS NULL, IS TRUE, IS FALSE")
    wanted = _STATES[word]
    return lambda document: _value(document, selector) is wanted


def _text(selector: str, compare: str, wanted: str) -> Matches:
    """Equal or not; an asterisk stands for any text, and text between percent signs is a regular expression."""
    if compare not in ("=", "!="):
        raise PatternError(f"{compare} compares numbers, not {wanted!r}")
    expression = wanted[1:-1] if re.fullmatch(r"%.+%", wanted) else None
    pattern = re.compile(expression) if expression else re.compile(".*".join(map(re.escape, wanted.split("*"))), re.S)

    def test(document: Any) -> bool:
        value = _value(document, selector)
        if not isinstance(value, str):
            return False
        found = pattern.search(value) if expression else pattern.fullmatch(value)
        return (found is not None) == (compare == "=")

    return test


def _number(selector: str, compare: str, wanted: float) -> Matches:
    def test(document: Any) -> bool:
        value = _value(document, selector)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if compare in _ORDER:
            return bool(_ORDER[compare](value, wanted))
        return (value == wanted) == (compare == "=")

    return test


def _value(document: Any, selector: str) -> Any:
    value = document
    for name, index in _PART.findall(selector):
        if name and isinstance(value, dict) and name in value:
            value = value[name]
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            return _MISSING
    return value
