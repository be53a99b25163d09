"""Makes text of models and tools safe for a terminal.

What they say may come from anywhere: a file, a web page, another tenant's idea of a joke. Control characters would let
it move the cursor, write to the clipboard (OSC 52) or retitle the window; bidirectional controls would let it show a
line in another order than it has (Unicode Technical Report 36, section 2).
"""

from __future__ import annotations

import re

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """The text without control characters, except line feed and tab."""
    return _UNSAFE.sub("", text)
