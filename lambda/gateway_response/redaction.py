"""Takes out of an answer what its tool's classification forbids, and leaves JSON that is as valid as before.

`secrets` are credentials: AWS keys, private keys, JSON Web Tokens, bearer tokens, and values whose name says that they
are a password or the like. `personal` are e-mail addresses, telephone and payment card numbers. Patterns find what
looks like one of these; a tool that must never show something leaves it out itself.

Every repetition in a pattern is bounded or cannot overlap its neighbour, so that no text takes long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"

Replace = Callable[[str], str]

_KEY_WORDS = (
    r"passw(?:or)?d|passwd|pwd|passphrase|secret|secret[_-]?key|client[_-]?secret|secret[_-]?access[_-]?key|"
    r"api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|id[_-]?token|"
    r"session[_-]?token|security[_-]?token|connection[_-]?string"
)
_SECRET_NAME = re.compile(rf"(?:{_KEY_WORDS})$", re.IGNORECASE)
"""Ends the name of a member whose text is a secret. Tokens of pages are none: their names do not say whose they are."""

_IS = r"[\"']?\s{0,3}[=:]\s{0,3}"
_VALUE = r"(?:\"(?:[^\"\\]|\\.){1,4096}\"|'[^']{1,4096}'|[^\s,;&\"'}\])]{1,4096})"

_SECRETS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    (
        "-----BEGIN ",
        re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY-----)?"),
        REDACTED,
    ),
    ("eyJ", re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*"), REDACTED),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    ("A", re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"), REDACTED),
    (" ", re.compile(r"\b(bearer {1,4})[A-Za-z0-9._~+/-]{16,}=*", re.IGNORECASE), rf"\1{REDACTED}"),
    # A password in a URL.
    (
        "://",
        re.compile(r"([a-z][a-z0-9+.-]{1,20}://[^\s:/@\"']{1,256}:)[^\s/@\"']{1,256}(?=@)", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
)
"""What a text must hold for the pattern to be worth a look; the pattern; what stands in its place."""

# key=value and key: value, quoted or not; but not the name of a secret in an ARN, which a colon precedes.
_PAIR = re.compile(rf"((?<!:)(?:{_KEY_WORDS}){_IS}){_VALUE}", re.IGNORECASE)
_SHORT = 256

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
# With its country code, or an area code in parentheses: other digits are ids and times more often than numbers to call.
_PHONE = re.compile(
    r"(?<![\w+.:/-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,5}\)[ .-]?)?\d{2,5}(?:[ .-]?\d{2,5}){1,4}"
    r"|\(\d{2,5}\) ?\d{3,5}[ .-]\d{3,5})(?![\w/-])"
)
# The ranges of the large schemes; times in milliseconds begin with 1.
_CARD = re.compile(r"(?<![\w.:/-])(?:3\d|4\d|5\d|6\d|2[2-7])\d{2}(?:[ -]?\d{4,6}){2}(?:[ -]?\d{1,7})?(?![\w/-])")


def redact(value: Any, rules: Sequence[str]) -> Any:
    """The result of a call without what the rules forbid.

    Args:
        value: The `result` of a JSON-RPC answer.
        rules: `secrets`, `personal`.
    """
    replaces = [_RULES[name] for name in rules]
    return _Redactor(by_name="secrets" in rules, replaces=replaces).value(value) if replaces else value


def unknown_rules(rules: Sequence[str]) -> list[str]:
    """Those of the names that are no rules."""
    return [name for name in rules if name not in _RULES]


class _Redactor:
    def __init__(self, *, by_name: bool, replaces: Sequence[Replace]) -> None:
        self._by_name = by_name
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
        return value

    def members(self, value: dict[str, Any]) -> dict[str, Any]:
        """An object without it; names are texts too, and stay different from each other."""
        binary = value.get("type") in ("image", "audio")
        found: dict[str, Any] = {}
        for name, inner in value.items():
            shown = self.plain(name)
            while shown in found:
                shown += "+"
            if binary and name == "data":
                found[shown] = inner  # base64 of what has no text
            elif self._by_name and isinstance(inner, str) and inner and _names_secret(name):
                found[shown] = REDACTED
            else:
                found[shown] = self.value(inner)
        return found

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
def _names_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _members(found: list[tuple[str, Any]], pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """An object of a text; notes how many members were given and how many are kept."""
    members = dict(found)
    pairs.append((len(found), len(members)))
    return members


def _without_secrets(text: str) -> str:
    for needle, pattern, replacement in _SECRETS:
        if needle in text:
            text = pattern.sub(replacement, text)
    return _PAIR.sub(rf"\1{REDACTED}", text) if "=" in text or ":" in text else text


def _without_personal(text: str) -> str:
    if "@" in text:
        text = _EMAIL.sub(REDACTED, text)
    text = _CARD.sub(lambda found: REDACTED if _is_card(found[0]) else found[0], text)
    return _PHONE.sub(lambda found: REDACTED if 8 <= sum(map(str.isdigit, found[0])) <= 15 else found[0], text)


def _is_card(text: str) -> bool:
    """Whether the check digit is right (ISO/IEC 7812-1, annex B); one in ten other numbers passes too."""
    digits = [int(digit) for digit in reversed(text) if digit.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


_RULES: dict[str, Replace] = {"secrets": _without_secrets, "personal": _without_personal}
