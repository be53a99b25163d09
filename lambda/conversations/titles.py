"""Titles of conversations."""

from __future__ import annotations

from collections.abc import Sequence

from conversations.model import Block

LONGEST = 80


def title_of(content: Sequence[Block]) -> str:
    """The beginning of a message's text on one line; empty when it has none."""
    texts = (block["text"] for block in content if isinstance(block.get("text"), str))
    return shortened(next(texts, ""), LONGEST)


def shortened(text: str, longest: int) -> str:
    """A text on one line, cut at a word where it is too long."""
    # Half of a surrogate pair is no text that DynamoDB takes.
    line = " ".join(text[: 10 * longest].encode("utf-8", "replace").decode().split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"
