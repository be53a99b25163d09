"""The head of a conversation: one item that says what there is. What it does not tell of does not exist for readers.

Every write of a conversation goes with a condition on its head, in one transaction: on `version` for a turn to begin,
on the turn's token from then on. Whoever lost the turn can write nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conversations import keys
from conversations.limits import Retention
from conversations.model import Summary
from conversations.parts import moment
from conversations.table import Table


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who writes a turn that is open.

    Attributes:
        request_id: the client's id of the request.
        digest: of the user's message.
        token: no other claim has it.
        stored: how many of the turn's messages are there to read, the last of them perhaps cut off.
        partial: whether it is.
        lease_ms: until when the turn is its writer's.
        stopped: whether its owner asked for its end (stopping.py).
    """

    request_id: str
    digest: str
    token: str
    stored: int
    partial: bool
    lease_ms: int
    stopped: bool = False

    @property
    def complete(self) -> int:
        """How many messages are whole."""
        return self.stored - self.partial


@dataclass(frozen=True, kw_only=True)
class Head:
    """A conversation's head.

    Attributes:
        partition: `<tenant>#<agent>#<id>`.
        owner: `<tenant>#<agent>#<owner>`.
        next: the sequence after the last finished turn, where an open turn begins.
        kept_until: no item of the conversation expires before; epoch seconds, as is `ttl`.
        turn: the open turn, if there is one.
    """

    partition: str
    owner: str
    title: str
    created_ms: int
    used_ms: int
    version: int
    next: int
    ttl: int
    kept_until: int
    turn: Claim | None

    @property
    def id(self) -> str:
        """The conversation's id."""
        return keys.after_agent(self.partition)

    @property
    def length(self) -> int:
        """How many messages there are to read."""
        return self.next + (self.turn.stored if self.turn else 0)

    def summary(self) -> Summary:
        """As lists show it."""
        return Summary(
            id=self.id,
            title=self.title,
            created_at=moment(self.created_ms),
            used_at=moment(self.used_ms),
            expires_at=moment(self.ttl * 1000),
            messages=self.next,
        )


def item_of(head: Head) -> dict[str, Any]:
    """The item of a head that is new."""
    return {
        "conversation_id": head.partition,
        "item": keys.HEAD,
        "owner": head.owner,
        "title": head.title,
        "created_at": head.created_ms,
        "used_at": head.used_ms,
        "version": head.version,
        "next": head.next,
        "ttl": head.ttl,
        "kept_until": head.kept_until,
        **({"turn": asdict(head.turn)} if head.turn else {}),
    }


def head_of(item: Mapping[str, Any]) -> Head:
    """The head that an item of the table or of its index holds."""
    turn = item.get("turn")
    return Head(
        partition=item["conversation_id"],
        owner=item["owner"],
        title=item["title"],
        created_ms=int(item["created_at"]),
        used_ms=int(item["used_at"]),
        version=int(item.get("version", 0)),
        next=int(item["next"]),
        ttl=int(item["ttl"]),
        kept_until=int(item.get("kept_until", 0)),
        turn=None if turn is None else _claim_of(turn),
    )


def visible(item: Mapping[str, Any] | None, *, owner: str, now: float) -> Head | None:
    """The head, if it is this owner's and neither deleted nor expired."""
    if item is None or item["owner"] != owner or item.get("deleted") or int(item["ttl"]) <= now:
        return None
    return head_of(item)


def use(head: Head, retention: Retention, *, now: float) -> dict[str, Any]:
    """What every begin and end of a turn changes."""
    return {
        "version": head.version + 1,
        "used_at": int(now * 1000),
        "ttl": min(retention.conversation(now), head.kept_until),
    }


def change(
    table: Table,
    head: Head,
    values: Mapping[str, Any],
    *,
    token: str | None = None,
    unless_stopped: bool = False,
    remove: Sequence[str] = (),
) -> dict[str, Any]:
    """A part of a transaction that changes a head.

    Args:
        table: the table.
        head: as it was read.
        values: new values, by path.
        token: of the writer's claim, which must still be there; without it the version must be the one that was read.
        unless_stopped: beside the token: nobody must have asked for the turn's end.
        remove: paths to remove.
    """
    when: dict[str, Any] = {"turn.token": token} if token else {"version": head.version}
    if unless_stopped:
        when["turn.stopped"] = False
    return table.update(head.partition, keys.HEAD, when=when, values=values, remove=remove)


def _claim_of(turn: Mapping[str, Any]) -> Claim:
    return Claim(
        request_id=turn["request_id"],
        digest=turn["digest"],
        token=turn["token"],
        stored=int(turn["stored"]),
        partial=bool(turn["partial"]),
        lease_ms=int(turn["lease_ms"]),
        stopped=bool(turn.get("stopped", False)),
    )
