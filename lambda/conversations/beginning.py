"""Beginning a turn: who may write, and what a request that comes again is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from conversations import identifiers, keys, parts, reading
from conversations.context import Context
from conversations.errors import (
    ConflictError,
    InProgressError,
    NotFoundError,
    RequestReusedError,
    TooLargeError,
)
from conversations.head import Claim, Head, change, item_of, use, visible
from conversations.model import Block, FinishedTurn, NewMessage
from conversations.parts import Item, Place, split
from conversations.requests import Record, find
from conversations.table import ConditionFailedError
from conversations.titles import title_of
from conversations.turn import Turn

_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that wants to begin a turn.

    Attributes:
        partition: the conversation's key.
        owner: `<tenant>#<agent>#<owner>`.
        request_id: the client's id of it.
        content: the user's message.
        may_create: begin the conversation where there is none.
    """

    partition: str
    owner: str
    request_id: str
    content: Sequence[Block]
    may_create: bool

    @property
    def digest(self) -> str:
        """Tells its message from another that comes with the same id."""
        return identifiers.message_digest(self.content)


def begin(context: Context, request: Request) -> Turn | FinishedTurn:
    """Claim the next turn, take over the request's own one, or find that it was answered.

    Raises:
        NotFoundError: There is no such conversation.
        InProgressError: The request is being answered.
        ConflictError: Another one is, or keeps being faster.
        RequestReusedError: Its id came with another message before.
        TooLargeError: The message or the conversation is too long.
    """
    for _ in range(_TRIES):
        item = context.table.get(request.partition, keys.HEAD)
        try:
            if item is None and request.may_create:
                return _create(context, request)
            # The head first: whatever ends a turn after this changes its version, which the claim is conditional on.
            head = visible(item, owner=request.owner, now=context.clock())
            if head is None:
                raise NotFoundError
            return _begin_in(context, request, head)
        except (ConditionFailedError, parts.TornError):
            continue  # somebody was faster: look again
    raise ConflictError


def _begin_in(context: Context, request: Request, head: Head) -> Turn | FinishedTurn:
    own = head.turn is not None and head.turn.request_id == request.request_id
    record = None if own else find(context.table, head.partition, request.request_id)
    if record is not None:
        return _again(context, request, head, record)
    if head.turn is None:
        return _claim(context, request, head)
    if own and head.turn.digest != request.digest:
        raise RequestReusedError
    left = head.turn.lease_ms / 1000 - context.clock()
    if left > 0:
        if head.turn.stopped:
            left = min(left, context.limits.checkpoint_seconds)  # by then its writer knows, and ends it
        raise InProgressError(retry_after=left) if own else ConflictError(retry_after=left)
    return _resume(context, head, head.turn) if own else _claim(context, request, head)


def _create(context: Context, request: Request) -> Turn:
    """Begin the conversation together with its first turn."""
    now = context.clock()
    head = Head(
        partition=request.partition,
        owner=request.owner,
        title=title_of(request.content),
        created_ms=int(now * 1000),
        used_ms=int(now * 1000),
        version=1,
        next=0,
        ttl=context.retention.conversation(now),
        kept_until=context.retention.items(now),
        turn=_new_claim(context, request),
    )
    items = _user_message(context, request, 0)
    table = context.table
    table.transact(table.put(item_of(head), unless_there=True), *map(table.put, items))
    return Turn(context, head, messages=parts.join(items, begin=0, end=1), resumed=False)


def _claim(context: Context, request: Request, head: Head) -> Turn:
    """Begin a turn after the last one, which is closed as interrupted if its writer did not end it."""
    now, table = context.clock(), context.table
    closing: list[Any] = []
    begin_at = head.length
    if head.turn is not None:
        closing = [table.put(_interrupted(head, head.turn).item(head.partition, ttl=context.retention.items(now)))]
    if begin_at >= context.limits.messages:
        raise TooLargeError(f"a conversation has at most {context.limits.messages} messages; begin another")
    items = _user_message(context, request, begin_at)
    claim = _new_claim(context, request)
    title = head.title or title_of(request.content)
    values = {**use(head, context.retention, now=now), "next": begin_at, "turn": asdict(claim), "title": title}
    table.transact(*closing, *map(table.put, items), change(table, head, values))
    claimed = replace(head, version=values["version"], next=begin_at, ttl=values["ttl"], turn=claim, title=title)
    return Turn(context, claimed, messages=parts.join(items, begin=begin_at, end=begin_at + 1), resumed=False)


def _again(context: Context, request: Request, head: Head, record: Record) -> Turn | FinishedTurn:
    """Answer a request that was answered before; go on with it if it was cut off and nothing followed."""
    if record.digest != request.digest:
        raise RequestReusedError
    messages = reading.span(context.table, head, record.first, record.last + 1, now=context.clock())
    if record.status == "interrupted" and head.turn is None and record.last == head.next - 1:
        claim = Claim(
            request_id=record.request_id,
            digest=record.digest,
            token=record.token,
            stored=len(messages),
            partial=messages[-1].status != "complete",
            lease_ms=0,
        )
        return _resume(context, replace(head, next=record.first), claim)
    return FinishedTurn(
        conversation_id=head.id,
        request_id=record.request_id,
        status=record.status,
        messages=messages,
        usage=record.usage,
    )


def _resume(context: Context, head: Head, left: Claim) -> Turn:
    """Go on with the turn that was left: its whole messages stay, a message that was cut off is produced anew.

    A record of how the turn ended before stays until it ends again; as long as it is open, the record does not count.
    """
    now = context.clock()
    claim = replace(
        left,
        token=identifiers.claim_token(),
        stored=left.complete,
        partial=False,
        lease_ms=_lease_ms(context),
        stopped=False,
    )
    values = {**use(head, context.retention, now=now), "next": head.next, "turn": asdict(claim)}
    context.table.transact(change(context.table, head, values))
    claimed = replace(head, version=values["version"], ttl=values["ttl"], turn=claim)
    messages = reading.span(context.table, claimed, claimed.next, claimed.length, now=now)
    return Turn(context, claimed, messages=messages, resumed=True)


def _interrupted(head: Head, left: Claim) -> Record:
    """The record of a turn that its writer did not end. It is not the writer's, who may still try to."""
    return Record(
        request_id=left.request_id,
        digest=left.digest,
        first=head.next,
        last=head.length - 1,
        status="interrupted",
        token="",
        usage={},
    )


def _new_claim(context: Context, request: Request) -> Claim:
    """A claim of a turn that holds the user's message."""
    return Claim(
        request_id=request.request_id,
        digest=request.digest,
        token=identifiers.claim_token(),
        stored=1,
        partial=False,
        lease_ms=_lease_ms(context),
    )


def _lease_ms(context: Context) -> int:
    return int((context.clock() + context.limits.lease_seconds) * 1000)


def _user_message(context: Context, request: Request, sequence: int) -> list[Item]:
    now = context.clock()
    place = Place(
        partition=request.partition,
        sequence=sequence,
        turn=sequence,
        request_id=request.request_id,
        ttl=context.retention.items(now),
    )
    message = NewMessage(role="user", content=request.content)
    return split(message, place, at_ms=int(now * 1000), most_bytes=context.limits.request_bytes)
