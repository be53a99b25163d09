"""What secrets and personal data look like in a text, and by which names they go.

Every repetition in a pattern is bounded, or gives nothing back (`++`), or takes what it passed into the match: the time
grows with the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

REDACTED = "[redacted]"

Replace = Callable[[str], str]

_KEY_WORDS = (
    r"passw(?:or)?d|passwd|pwd|passphrase|secret|secret[_-]?(?:key|string|binary)|client[_-]?secret|"
    r"secret[_-]?access[_-]?key|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|"
    r"refresh[_-]?token|id[_-]?token|session[_-]?token|security[_-]?token|connection[_-]?string"
)
_ENDING = r"s?(?:[_-]?\d{1,3})?"
_SECRET_NAME = re.compile(rf"(?:{_KEY_WORDS}|credential|authorization){_ENDING}$", re.IGNORECASE)
"""Ends the name of a secret. Tokens of pages are none: their names do not say whose they are."""

_IS = r"\\{0,3}[\"']?\s{0,3}[=:]{1,2}>?\s{0,3}"
_VALUE = (
    r"(?:\\{1,3}[\"'][^\"'\\]++"  # quoted in a text that is quoted itself
    r"|\"(?:[^\"\\]|\\[\s\S])++\"?|'[^']++'?|[^\s,;&\"'}\])]++)"
)
_PEM_KEY = r"[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"

_SECRETS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    # A key whose end is missing goes with all that follows. Its lines may hold hyphens: RFC 1421 §4.6.
    (
        "-----BEGIN ",
        re.compile(rf"-----BEGIN {_PEM_KEY}(?:[\s\S]*?-----END {_PEM_KEY}|[\s\S]*)"),
        REDACTED,
    ),
    (
        "eyJ",
        re.compile(
            r"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]{0,32}?)eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]*+"
        ),
        rf"\1{REDACTED}",
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    ("A", re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"), REDACTED),
    ("", re.compile(r"\b(bearer\s{1,4})[A-Za-z0-9._~+/-]{16,}+=*+", re.IGNORECASE), rf"\1{REDACTED}"),
    (
        "",
        re.compile(
            rf"(authorization{_IS}[\"']?(?:basic|bearer|digest|negotiate|ntlm|token)\s{{1,4}})[^\s\"'\\,;]++",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
    # A password in a URL.
    (
        "://",
        re.compile(r"([a-z][a-z0-9+.-]{1,20}://[^\s:/@\"']{1,256}:)[^\s/@\"']{1,256}(?=@)", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
)
"""What a text must hold for the pattern to be worth a look; the pattern; what stands in its place."""

_PAIR = re.compile(rf"((?:{_KEY_WORDS}){_ENDING}{_IS}){_VALUE}", re.IGNORECASE)
"""key=value and key: value, quoted or not."""

_ARN = re.compile(r"arn:aws[a-z-]{0,20}:secretsmanager:[a-z0-9-]{0,30}:\d{0,12}:$")
"""What stands before the word `secret` in an ARN; what follows is a name."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
# With its country code, or an area code in parentheses: other digits are ids and times more often than numbers to call.
_PHONE = re.compile(
    r"(?<![\w+.:/-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,5}\)[ .-]?)?\d{2,5}(?:[ .-]?\d{2,5}){1,4}"
    r"|\(\d{2,5}\) ?\d{3,5}[ .-]\d{3,5})(?![\w/-])"
)
# The ranges of the large schemes; times in milliseconds begin with 1.
_CARD = re.compile(r"(?<![\w.:/-])(?:3\d|4\d|5\d|6\d|2[2-7])\d{2}(?:[ -]?\d{4,6}){2}(?:[ -]?\d{1,7})?(?![\w/-])")


_KINDS_OF_CHECK = frozenset(
    {"AWS_IAM", "AWS_SIGV4", "NONE", "JWT", "CUSTOM", "CUSTOM_JWT", "OAUTH", "OAUTH2", "API_KEY"}
)
"""What AWS's APIs say under `authorization` and the like instead of a credential: how callers are checked."""


def is_kind_of_check(value: object) -> bool:
    """Whether a value only says how callers are checked."""
    return isinstance(value, str) and value in _KINDS_OF_CHECK


@lru_cache(maxsize=1024)
def names_secret(name: str) -> bool:
    """Whether what goes by this name is a secret."""
    return _SECRET_NAME.search(name) is not None


def _without_secrets(text: str) -> str:
    for needle, pattern, replacement in _SECRETS:
        if needle in text:
            text = pattern.sub(replacement, text)
    return _PAIR.sub(_unpaired, text) if "=" in text or ":" in text else text


def _unpaired(found: re.Match[str]) -> str:
    start = found.start()
    if found[1].lower() == "secret:" and _ARN.search(found.string, max(0, start - 100), start):
        return found[0]
    return f"{found[1]}{REDACTED}"


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


def is_card_number(number: float) -> bool:
    """Whether a number has the digits of a payment card's."""
    if isinstance(number, bool) or not 1e12 <= number < 1e19 or number != int(number):
        return False
    digits = str(int(number))
    return _CARD.fullmatch(digits) is not None and _is_card(digits)


RULES: dict[str, Replace] = {"secrets": _without_secrets, "personal": _without_personal}
