"""Reading messages: a range of them, or the newest turns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conversations import keys, parts
from conversations.head import Head, visible
from conversations.model import Message
from conversations.parts import TornError
from conversations.table import Table

TRIES = 4
"""How often a conversation is read that is changed or deleted while it is read."""

_PAGE = 100


def whole(table: Table, partition: str, *, owner: str, now: float) -> tuple[Head, list[Message]] | None:
    """A conversation from its head to its last message, by one Query; None when it is not this owner's to see.

    Raises:
        TornError: It was changed meanwhile.
    """
    items = table.query(partition, keys.HEAD, keys.AFTER_MESSAGES)
    first = next(items, None)
    head = visible(first if first and first["item"] == keys.HEAD else None, owner=owner, now=now)
    if head is None:
        return None
    return head, parts.join(items, begin=0, end=head.length, running_from=running_from(head, now=now))


def span(table: Table, head: Head, begin: int, end: int, *, now: float) -> list[Message]:
    """The messages from sequence `begin` up to and without `end`.

    Raises:
        TornError: One is not there: the conversation was changed or deleted since its head was read.
    """
    if begin >= end:
        return []
    items = table.query(head.partition, keys.message(begin), keys.message(end - 1, 9999))
    return parts.join(items, begin=begin, end=end, running_from=running_from(head, now=now))


def newest(table: Table, head: Head, *, turns: int | None, most_bytes: int | None) -> list[Message]:
    """The messages of the newest finished turns, in order.

    Args:
        table: the table.
        head: the conversation's head.
        turns: of how many turns at most.
        most_bytes: how much content they have at most together, as JSON; a turn is given whole or not.

    Raises:
        TornError: The conversation was deleted meanwhile.
    """
    if not head.next:
        return []
    items = table.query(
        head.partition, keys.message(0), keys.message(head.next - 1, 9999), newest_first=True, page=_PAGE
    )
    chosen: list[list[Message]] = []
    size = 0
    for turn in _turns(parts.newest_first(items), head.next):
        size += sum(message.size for message in turn)
        if (turns is not None and len(chosen) == turns) or (most_bytes is not None and size > most_bytes):
            break
        chosen.append(turn)
    return list(itertools.chain.from_iterable(reversed(chosen)))


def running_from(head: Head, *, now: float) -> int | None:
    """Where the turn begins that is being written, if one is."""
    return head.next if head.turn and head.turn.lease_ms > now * 1000 else None


def _turns(messages: Iterator[Message], end: int) -> Iterator[list[Message]]:
    """Turns, the newest first, of messages in reverse order that must be without gaps and end before `end`."""
    turn: list[Message] = []
    for message in messages:
        end -= 1
        if message.sequence != end:
            raise TornError
        turn.insert(0, message)
        if message.sequence == message.turn:
            yield turn
            turn = []
    if end or turn:
        raise TornError
