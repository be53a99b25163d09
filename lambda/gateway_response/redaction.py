"""Takes out of an answer what its tool's classification forbids, and leaves JSON that is as valid as before.

`secrets` are credentials: AWS keys, private keys, JSON Web Tokens, what an Authorization header holds, and values whose
name says that they are a password or the like. `personal` are e-mail addresses, telephone and payment card numbers.
Patterns find what looks like one of these; a tool that must never show something leaves it out itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gateway_response.patterns import REDACTED, RULES, Replace, is_card_number, is_kind_of_check, names_secret

_NAMED_BY = frozenset({"name", "key", "parameterkey", "parametername", "optionname", "outputkey", "tagkey"})
_VALUED_BY = frozenset({
    "value", "values", "parametervalue", "resolvedvalue", "optionvalue", "outputvalue", "tagvalue", "defaultvalue",
})  # fmt: skip
"""How AWS's APIs write names and values of parameters, variables, tags and options, without case and underscores."""

_SHORT = 256
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def redact(value: Any, rules: Sequence[str]) -> Any:
    """The result of a call without what the rules forbid.

    Args:
        value: The `result` of a JSON-RPC answer.
        rules: `secrets`, `personal`.
    """
    replaces = [RULES[name] for name in rules]
    if not replaces:
        return value
    redactor = _Redactor(by_name="secrets" in rules, numbers="personal" in rules, replaces=replaces)
    cleaned = redactor.value(value)
    if isinstance(value, dict) and isinstance(value.get("content"), list):
        for item, shown in zip(value["content"], cleaned["content"], strict=True):
            if _is_binary(item):
                shown["data"] = item["data"]  # base64 of what has no text
    return cleaned


def unknown_rules(rules: Sequence[str]) -> list[str]:
    """Those of the names that are no rules."""
    return [name for name in rules if name not in RULES]


class _Redactor:
    def __init__(self, *, by_name: bool, numbers: bool, replaces: Sequence[Replace]) -> None:
        self._by_name = by_name
        self._numbers = numbers
        self._replaces = replaces
        self._done: dict[str, str] = {}

    def value(self, value: Any) -> Any:
        """A value without it, in the same shape."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return self.members(value)
        if self._numbers and isinstance(value, int | float) and is_card_number(value):
            return REDACTED
        return value

    def members(self, value: dict[str, Any], *, concealed: bool = False) -> dict[str, Any]:
        """An object without it; names are texts too, and stay different from each other.

        Args:
            value: The object.
            concealed: Whether all of it is a secret's value.
        """
        named = self._by_name and _names_its_value(value)
        found: dict[str, Any] = {}
        for name, inner in value.items():
            shown = self.plain(name)
            while shown in found:
                shown += "+"
            secret = self._by_name and (names_secret(name) or (named and _plain_name(name) in _VALUED_BY))
            found[shown] = self.concealed(inner) if concealed or secret else self.value(inner)
        return found

    def concealed(self, value: Any) -> Any:
        """A secret's value in the same shape; what says only yes, no, nothing or how something is checked stays."""
        if isinstance(value, list):
            return [self.concealed(item) for item in value]
        if isinstance(value, dict):
            return self.members(value, concealed=True)
        plain = value is None or value == "" or isinstance(value, bool)
        return value if plain or is_kind_of_check(value) else REDACTED

    def text(self, text: str) -> str:
        """A text without it. A text that is JSON is redacted as such, so that it can be read afterwards."""
        if text.lstrip()[:1] in ("{", "["):
            pairs: list[tuple[int, int]] = []
            try:
                value = json.loads(text, object_pairs_hook=lambda found: _members(found, pairs))
            except (ValueError, RecursionError):
                return self.plain(text)
            cleaned = self.value(value)
            # A member that was given twice is gone from `value`, so it must go from the text as well.
            whole = all(given == kept for given, kept in pairs)
            return text if whole and cleaned == value else json.dumps(cleaned, ensure_ascii=False)
        return self.plain(text)

    def plain(self, text: str) -> str:
        """A text that is no JSON without it. An answer says most things twice, structured and as text, and its rows
        have the same names: what is short is worked out once.
        """
        known = self._done.get(text)
        if known is not None:
            return known
        cleaned = text
        for replace in self._replaces:
            cleaned = replace(cleaned)
        if len(text) <= _SHORT:
            self._done[text] = cleaned
        return cleaned


@lru_cache(maxsize=1024)
def _plain_name(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _names_its_value(value: dict[str, Any]) -> bool:
    """Whether an object is a pair of a name and a value, and its name that of a secret."""
    for name, inner in value.items():
        if isinstance(inner, str) and inner:
            plain = _plain_name(name)
            if (plain in _NAMED_BY and names_secret(inner)) or (plain == "type" and inner == "SecureString"):
                return True
    return False


def _is_binary(item: Any) -> bool:
    """Whether an item of a result's content is a picture or a sound."""
    if not isinstance(item, dict) or item.get("type") not in ("image", "audio"):
        return False
    data = item.get("data")
    return isinstance(data, str) and _BASE64.fullmatch(data) is not None


def _members(found: list[tuple[str, Any]], pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """An object of a text; notes how many members were given and how many are kept."""
    members = dict(found)
    pairs.append((len(found), len(members)))
    return members
