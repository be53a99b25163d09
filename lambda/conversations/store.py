"""The repository: conversations with an agent, and those of one owner. No call names either; both are fixed before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from conversations import beginning, cursors, deletion, expiry, identifiers, keys, parts, reading, stopping
from conversations.beginning import Request
from conversations.context import Context
from conversations.errors import ConflictError, NotFoundError
from conversations.head import Head, head_of, item_of, visible
from conversations.limits import DAY_SECONDS, Limits, Retention
from conversations.model import Block, Conversation, FinishedTurn, Message, OpenTurn, Page, Summary
from conversations.table import ConditionFailedError, Table
from conversations.titles import shortened
from conversations.turn import Turn

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MOST_LISTED = 100
_LONGEST_TITLE = 200
_SLACK_OF_READS = 0.1
"""A conversation that is read expires so much of the period earlier at most than one that is written, so that not every
reading writes."""


class OwnerConversations(Protocol):
    """The conversations of one owner. Whose else they may be, they do not exist here: NotFoundError says no more."""

    def create(self, *, request_id: str, title: str = "") -> tuple[Summary, bool]:
        """An empty conversation, and whether it is new: the same request gives the same one again.

        Args:
            request_id: the client's id of the request.
            title: its title; without one, the beginning of its first message.

        Raises:
            NotFoundError: The conversation of this request was deleted since.
        """

    def begin(
        self, request_id: str, content: Sequence[Block], *, conversation_id: str | None = None
    ) -> Turn | FinishedTurn:
        """Begin the turn that answers a message, or give the answer that the request got before.

        Args:
            request_id: the client's id of the request; a retry has the same.
            content: the user's message.
            conversation_id: without one the request begins a conversation.

        Returns:
            A Turn to write; one that is `resumed` holds what an earlier try has stored. A FinishedTurn has the answer.

        Raises:
            NotFoundError: There is no such conversation.
            InProgressError: This request is being answered.
            ConflictError: Another request is.
            RequestReusedError: The id came with another message before.
            TooLargeError: The message or the conversation is too long.
            StoreBusyError: DynamoDB refuses for now.
        """

    def load(self, conversation_id: str, *, start: int = 0, limit: int | None = None) -> Conversation:
        """A conversation with its messages from sequence `start` on, at most `limit` of them.

        Raises:
            NotFoundError: There is no such conversation.
            ConflictError: It keeps being changed while it is read.
        """

    def list(self, *, limit: int = 20, cursor: str | None = None) -> Page:
        """Conversations, the last used first; a new one may be missing for a moment.

        Args:
            limit: how many at most, from 1 to 100.
            cursor: of the page before.

        Raises:
            CursorError: The cursor is not one of this list.
        """

    def stop(self, conversation_id: str, *, request_id: str) -> None:
        """Ask for the end of the turn that answers a request: its writer finds `Turn.stop_requested` set.

        Calling it again, also after the turn's early end, is no error.

        Raises:
            NotFoundError: There is no such conversation.
            NotOpenError: The request was answered whole, or is not one of this conversation.
            ConflictError: The conversation keeps being changed.
        """

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation with all its items. After a crash, the same call deletes the rest.

        Raises:
            NotFoundError: There is no such conversation.
            ConflictError: It keeps being changed.
        """


class Conversations:
    """The conversations with one agent of a tenant in a table.

    Args:
        table: the table's name.
        tenant: the tenant's name.
        agent: the agent's name within the tenant.
        retention_days: days after its last use at which a conversation expires.
        client: a DynamoDB client, such as conversations_client().
        limits: how large and how long things may be.
        clock: gives epoch seconds.
        sleep: waits for some seconds.
    """

    def __init__(
        self,
        table: str,
        *,
        tenant: str,
        agent: str,
        retention_days: int,
        client: DynamoDBClient,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._agent = keys.of_agent(tenant, agent)
        self._context = Context(
            table=Table(client, table, sleep=sleep),
            retention=Retention(seconds=retention_days * DAY_SECONDS),
            limits=limits or Limits(),
            clock=clock,
        )

    def for_owner(self, owner: str) -> OwnerConversations:
        """The conversations of an owner with this agent, such as `role/finance-team`."""
        if not owner:
            raise ValueError("a conversation has an owner")
        return _Owned(self._context, self._agent, owner)


class _Owned:
    """OwnerConversations in DynamoDB."""

    def __init__(self, context: Context, agent: str, owner: str) -> None:
        self._context = context
        self._agent = agent
        self._owner = f"{agent}{owner}"

    def create(self, *, request_id: str, title: str = "") -> tuple[Summary, bool]:
        context = self._context
        now = context.clock()
        head = Head(
            partition=self._new_partition(request_id),
            owner=self._owner,
            title=shortened(title, _LONGEST_TITLE),
            created_ms=int(now * 1000),
            used_ms=int(now * 1000),
            version=1,
            next=0,
            ttl=context.retention.conversation(now),
            kept_until=context.retention.items(now),
            turn=None,
        )
        try:
            context.table.transact(context.table.put(item_of(head), unless_there=True))
        except ConditionFailedError:
            return self._head(head.partition).summary(), False
        return head.summary(), True

    def begin(
        self, request_id: str, content: Sequence[Block], *, conversation_id: str | None = None
    ) -> Turn | FinishedTurn:
        new = conversation_id is None
        partition = self._new_partition(request_id) if conversation_id is None else self._partition(conversation_id)
        request = Request(
            partition=partition, owner=self._owner, request_id=request_id, content=content, may_create=new
        )
        return beginning.begin(self._context, request)

    def load(self, conversation_id: str, *, start: int = 0, limit: int | None = None) -> Conversation:
        partition = self._partition(conversation_id)
        for _ in range(reading.TRIES):
            try:
                head, messages = self._read(partition, start, limit)
            except parts.TornError:
                continue
            expiry.keep(self._context, head, slack=_SLACK_OF_READS)
            return self._conversation(head, messages)
        raise ConflictError("the conversation is being changed")

    def list(self, *, limit: int = 20, cursor: str | None = None) -> Page:
        if not 1 <= limit <= MOST_LISTED:
            raise ValueError(f"a page has 1 to {MOST_LISTED} conversations")
        place = cursors.place_of(cursor, self._owner) if cursor else None
        found: list[Head] = []
        while len(found) < limit:
            items, place = self._context.table.query_owner(
                self._owner,
                agent=self._agent,
                now=int(self._context.clock()),
                limit=limit - len(found),
                start=place,
            )
            found += map(head_of, items)
            if place is None:
                break
        # After the last one that is shown: DynamoDB's own place may be that of one that is left out.
        cursor = cursors.cursor_of(found[-1], self._owner) if place else None
        return Page(items=[head.summary() for head in found], cursor=cursor)

    def stop(self, conversation_id: str, *, request_id: str) -> None:
        stopping.stop(self._context, self._partition(conversation_id), owner=self._owner, request_id=request_id)

    def delete(self, conversation_id: str) -> None:
        deletion.delete(self._context, self._partition(conversation_id), owner=self._owner)

    def _read(self, partition: str, start: int, limit: int | None) -> tuple[Head, Sequence[Message]]:
        table, now = self._context.table, self._context.clock()
        if start == 0 and limit is None:
            found = reading.whole(table, partition, owner=self._owner, now=now)
            if found is None:
                raise NotFoundError
            return found
        head = self._head(partition)
        end = head.length if limit is None else min(head.length, start + limit)
        return head, reading.span(table, head, start, end, now=now)

    def _head(self, partition: str) -> Head:
        item = self._context.table.get(partition, keys.HEAD)
        head = visible(item, owner=self._owner, now=self._context.clock())
        if head is None:
            raise NotFoundError
        return head

    def _conversation(self, head: Head, messages: Sequence[Message]) -> Conversation:
        turn = None
        if head.turn is not None:
            running = reading.running_from(head, now=self._context.clock()) is not None
            turn = OpenTurn(request_id=head.turn.request_id, state="running" if running else "interrupted")
        return Conversation(
            summary=head.summary(),
            version=head.version,
            length=head.length,
            messages=[*messages],
            turn=turn,
        )

    def _partition(self, conversation_id: str) -> str:
        return f"{self._agent}{identifiers.checked_id(conversation_id)}"

    def _new_partition(self, request_id: str) -> str:
        return f"{self._agent}{identifiers.conversation_id(self._owner, request_id)}"
