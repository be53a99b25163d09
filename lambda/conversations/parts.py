"""Messages as items. DynamoDB takes 400 KB an item; a larger message is several.

Bodies are compressed: a conversation is mostly words and JSON, and DynamoDB bills by the kilobyte.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from conversations import keys
from conversations.contents import decoded, encoded
from conversations.errors import TooLargeError
from conversations.model import Message, MessageStatus, NewMessage

PART_BYTES = 380_000
"""Of a body in one item; the rest of 400 KB is for names and the other attributes."""

Item = dict[str, Any]


class TornError(Exception):
    """What was read is not whole: something was written or deleted meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a message belongs: its conversation's key, its sequence, its turn, and until when it is kept."""

    partition: str
    sequence: int
    turn: int
    request_id: str
    ttl: int


def split(message: NewMessage, place: Place, *, at_ms: int, most_bytes: int, partial: bool = False) -> list[Item]:
    """The items of a message, at least one.

    Raises:
        TooLargeError: Its content is longer than `most_bytes` as JSON.
    """
    raw = encoded(message.content)
    if len(raw) > most_bytes:
        raise TooLargeError(f"a message has {len(raw)} bytes as JSON; at most {most_bytes} are stored")
    body = zlib.compress(raw)
    bodies = [body[begin : begin + PART_BYTES] for begin in range(0, len(body), PART_BYTES)]
    items: list[Item] = [
        {
            "conversation_id": place.partition,
            "item": keys.message(place.sequence, number),
            "ttl": place.ttl,
            "body": part,
        }
        for number, part in enumerate(bodies)
    ]
    items[0] |= {
        "role": message.role,
        "turn": place.turn,
        "request_id": place.request_id,
        "at": at_ms,
        "parts": len(bodies),
        "size": len(raw),
    }
    if partial:
        items[0]["partial"] = True
    return items


def join(items: Iterable[Item], *, begin: int, end: int, running_from: int | None = None) -> list[Message]:
    """The messages from sequence `begin` up to and without `end`, of items in the order of their keys.

    Args:
        items: items of messages; what lies outside, or remained of a longer message in the same place, is left out.
        begin: the first sequence.
        end: the one after the last.
        running_from: the first message of a turn that is being written.

    Raises:
        TornError: One is missing, or a part of it.
    """
    places: dict[int, list[Item]] = {}
    for item in items:
        sequence, part = keys.place(item["item"])
        found = places.setdefault(sequence, [])
        if part == len(found):
            found.append(item)
    return [_message(places.get(number, []), number, running_from=running_from) for number in range(begin, end)]


def newest_first(items: Iterable[Item]) -> Iterator[Message]:
    """Messages of finished turns, of items in the reverse order of their keys."""
    parts: list[Item] = []
    for item in items:
        parts.insert(0, item)
        sequence, part = keys.place(item["item"])
        if part == 0:
            yield _message(parts, sequence, running_from=None)
            parts = []


def _message(items: list[Item], sequence: int, *, running_from: int | None) -> Message:
    if not items or len(items) < items[0].get("parts", 1):
        raise TornError
    first: Mapping[str, Any] = items[0]
    try:
        raw = zlib.decompress(b"".join(bytes(item["body"]) for item in items[: int(first["parts"])]))
    except zlib.error:
        raise TornError from None
    running = running_from is not None and sequence >= running_from
    cut: MessageStatus = "in_progress" if running else "interrupted"
    return Message(
        sequence=sequence,
        turn=int(first["turn"]),
        request_id=first["request_id"],
        role=first["role"],
        content=decoded(raw),
        at=moment(first["at"]),
        status=cut if first.get("partial") else "complete",
        size=int(first["size"]),
    )


def moment(milliseconds: Any) -> datetime:
    """The time of a number of milliseconds since 1970."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
