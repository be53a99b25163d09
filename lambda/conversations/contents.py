"""Content blocks as JSON text, and back: what JSON has no form for is bytes, such as pictures and redacted reasoning.

Bytes are `{"$bytes": "<base64>"}`. An object of a block's own that looks like it gets one more `$`, so that any content
comes back as it was.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BYTES = "$bytes"
_LIKE_IT = re.compile(r"\$+bytes")


def encoded(content: Sequence[Mapping[str, Any]]) -> bytes:
    """Content as JSON, in UTF-8."""
    text = json.dumps([_plain(block) for block in content], ensure_ascii=False, separators=(",", ":"))
    # A text may hold half of a surrogate pair, which JSON allows and UTF-8 does not.
    return text.encode("utf-8", "surrogatepass")


def decoded(raw: bytes) -> list[dict[str, Any]]:
    """The content that `encoded` made the JSON of."""
    found: list[dict[str, Any]] = json.loads(raw.decode("utf-8", "surrogatepass"), object_hook=_rich)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        members = {key: _plain(member) for key, member in value.items()}
        return {f"${key}": member for key, member in members.items()} if _looks_like_bytes(value) else members
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value


def _rich(value: dict[str, Any]) -> Any:
    if not _looks_like_bytes(value):
        return value
    [(key, member)] = value.items()
    return base64.b64decode(member) if key == _BYTES else {key[1:]: member}


def _looks_like_bytes(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and all(isinstance(key, str) and _LIKE_IT.fullmatch(key) for key in value)
