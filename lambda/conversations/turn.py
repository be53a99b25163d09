"""Writing one turn: the assistant's messages as they come, a checkpoint now and then, and the end."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from conversations import expiry, keys, parts, reading
from conversations.context import Context
from conversations.errors import LostTurnError, TooLargeError
from conversations.head import Claim, Head, change, use
from conversations.model import FinishedTurn, Message, NewMessage, TurnStatus
from conversations.parts import Item, Place
from conversations.requests import Record, find
from conversations.table import TRANSACTION_BYTES, TRANSACTION_ITEMS, ConditionFailedError


@dataclass
class _Write:
    """Items that go into one transaction, and what the claim says once they are there."""

    claim: Claim
    items: list[Item] = field(default_factory=list)

    def takes(self, item: Item) -> bool:
        """Whether an item fits in; two places are kept, for the head and the record of the request."""
        size = sum(len(one["body"]) for one in (*self.items, item))
        return len(self.items) < TRANSACTION_ITEMS - 2 and size <= TRANSACTION_BYTES


class Turn:
    """A turn that this process writes; it may be used from several threads.

    Attributes:
        conversation_id: the conversation.
        title: its title.
        request_id: the client's id of the request.
        resumed: whether an earlier try was cut off and this one goes on from there.
        messages: the whole messages that the turn holds so far, the user's first: an earlier try's, and what was added.
    """

    def __init__(self, context: Context, head: Head, *, messages: Sequence[Message], resumed: bool) -> None:
        """Made by OwnerConversations.begin; `head` holds this writer's claim."""
        if head.turn is None:
            raise ValueError("the head has no claim")
        self.conversation_id = head.id
        self.title = head.title
        self.request_id = head.turn.request_id
        self.resumed = resumed
        self.messages = list(messages)
        self._context = context
        self._head = head
        self._claim = head.turn
        self._pending: list[list[Item]] = []
        self._cut: Message | None = None
        self._written_at = context.clock()
        self._finished: FinishedTurn | None = None
        self._lock = threading.RLock()

    @property
    def stop_requested(self) -> bool:
        """Whether the owner asked for the turn's end, as far as the last checkpoint that wrote knows.

        Such a turn is still its writer's, who ends it with finish("interrupted").
        """
        return self._claim.stopped

    def history(self, *, turns: int | None = None, most_bytes: int | None = None) -> list[Message]:
        """The messages before this turn, or the newest whole turns of them.

        Args:
            turns: of how many turns at most.
            most_bytes: how much content at most, as JSON.

        Raises:
            LostTurnError: The conversation was deleted.
        """
        try:
            return reading.newest(self._context.table, self._head, turns=turns, most_bytes=most_bytes)
        except parts.TornError:
            raise LostTurnError from None

    def add(self, message: NewMessage) -> None:
        """Add a message that is whole. It is stored by the next checkpoint that writes, or by finish().

        Raises:
            TooLargeError: It is longer than a message may be, or the conversation has too many.
        """
        with self._lock:
            sequence = self._head.next + len(self.messages)
            if sequence >= self._context.limits.messages:
                raise TooLargeError(
                    f"a conversation has at most {self._context.limits.messages} messages; begin another"
                )
            items = self._split(message, sequence, most_bytes=self._context.limits.message_bytes)
            self._pending.append(items)
            self.messages += parts.join(items, begin=sequence, end=sequence + 1)

    def checkpoint(self, partial: NewMessage | None = None, *, now: bool = False) -> bool:
        """Store what there is and renew the lease, unless that was just done.

        Call it with every piece of a streamed answer, and every few seconds while nothing comes.

        Args:
            partial: the message that is being produced, as far as it goes. It replaces the one of the last checkpoint.
            now: write in any case.

        Returns:
            Whether it wrote; then `stop_requested` is up to date.

        Raises:
            LostTurnError: The turn is no longer this writer's; nothing was written.
            StoreBusyError: DynamoDB refuses for now; the next checkpoint tries again.
        """
        with self._lock:
            if not now and self._context.clock() - self._written_at < self._context.limits.checkpoint_seconds:
                return False
            self._write(self._writes(self._cut_items(partial)))
            return True

    def finish(
        self,
        status: TurnStatus = "done",
        *,
        partial: NewMessage | None = None,
        usage: Mapping[str, Any] | None = None,
    ) -> FinishedTurn:
        """End the turn: from here on it is part of the conversation, and a retry of its request is given its answer.

        Calling it again gives the same answer, and is right after an error that leaves open whether it wrote.

        Args:
            status: `interrupted` when it was cut off.
            partial: the message that was being produced then, as far as it went; without it that of the last checkpoint
                stays.
            usage: counts of the turn, such as tokens, as JSON.

        Raises:
            LostTurnError: The turn is no longer this writer's; nothing was written.
            StoreBusyError: DynamoDB refuses for now.
        """
        with self._lock:
            if self._finished is None:
                self._finished = self._end(status, self._cut_items(partial), dict(usage or {}))
            return self._finished

    def _end(self, status: TurnStatus, cut: list[Item], usage: dict[str, Any]) -> FinishedTurn:
        *before, last = self._writes(cut)
        self._write(before)
        now, table = self._context.clock(), self._context.table
        end = self._head.next + last.claim.stored
        record = Record(
            request_id=self.request_id,
            digest=self._claim.digest,
            first=self._head.next,
            last=end - 1,
            status=status,
            token=self._claim.token,
            usage=usage,
        )
        values = {**use(self._head, self._context.retention, now=now), "next": end}
        item = record.item(self._head.partition, ttl=self._context.retention.items(now))
        try:
            self._transact(last.items, table.put(item), self._change(values, remove=["turn"]))
        except LostTurnError:
            # Perhaps it is an earlier call of this one that ended the turn, and whose answer got lost.
            kept = find(table, self._head.partition, self.request_id)
            if kept is None or kept.token != self._claim.token:
                raise
        self._stored(last)
        expiry.keep(
            self._context, replace(self._head, next=end, version=values["version"], ttl=values["ttl"], turn=None)
        )
        return FinishedTurn(
            conversation_id=self.conversation_id,
            request_id=self.request_id,
            status=status,
            messages=[*self.messages, *([self._cut] if self._cut else [])],
            usage=usage,
        )

    def _split(self, message: NewMessage, sequence: int, *, most_bytes: int, partial: bool = False) -> list[Item]:
        now = self._context.clock()
        place = Place(
            partition=self._head.partition,
            sequence=sequence,
            turn=self._head.next,
            request_id=self.request_id,
            ttl=self._context.retention.items(now),
        )
        return parts.split(message, place, at_ms=int(now * 1000), most_bytes=most_bytes, partial=partial)

    def _cut_items(self, partial: NewMessage | None) -> list[Item]:
        """The items of a message that is not whole; none when it does not fit into one transaction with its head."""
        if partial is None or not partial.content:
            return []
        sequence = self._head.next + len(self.messages)
        try:
            return self._split(partial, sequence, most_bytes=self._context.limits.request_bytes, partial=True)
        except TooLargeError:
            return []

    def _writes(self, cut: list[Item]) -> list[_Write]:
        """What is to be written, in transactions that DynamoDB takes; at least one, which may have no items."""
        if not self._pending and not cut:
            return [_Write(self._claim)]
        whole = self._claim.complete
        writes = [_Write(replace(self._claim, stored=whole, partial=False))]
        for items in (*self._pending, *([cut] if cut else [])):
            for item in items:
                if not writes[-1].takes(item):
                    writes.append(_Write(writes[-1].claim))
                writes[-1].items.append(item)
            whole += 1
            writes[-1].claim = replace(writes[-1].claim, stored=whole, partial=items is cut)
        return writes

    def _write(self, writes: Sequence[_Write]) -> None:
        for write in writes:
            lease = int((self._context.clock() + self._context.limits.lease_seconds) * 1000)
            values = {"turn.stored": write.claim.stored, "turn.partial": write.claim.partial, "turn.lease_ms": lease}
            self._transact_noticing_stop(write.items, values)
            self._stored(write)

    def _transact_noticing_stop(self, items: Sequence[Item], values: Mapping[str, Any]) -> None:
        """Write, and learn whether the turn was stopped: by the condition of the write, so that asking costs nothing.

        A transaction gives no values back when it succeeds, and a stopped turn keeps what it produced all the same:
        then, once in its life, it reads its head and writes again.
        """
        if not self._claim.stopped:
            try:
                self._transact(items, self._change(values, unless_stopped=True))
            except LostTurnError:
                self._note_stop()
            else:
                return
        self._transact(items, self._change(values))

    def _note_stop(self) -> None:
        """Note that the turn was stopped, which is why a write failed; otherwise it is lost.

        Raises:
            LostTurnError: The turn is no longer this writer's.
        """
        item = self._context.table.get(self._head.partition, keys.HEAD)
        turn = (item or {}).get("turn")
        if turn is None or turn["token"] != self._claim.token:
            raise LostTurnError
        self._claim = replace(self._claim, stopped=bool(turn.get("stopped")))

    def _stored(self, write: _Write) -> None:
        """Note what is written: messages that are whole are no longer pending."""
        self._pending = self._pending[write.claim.complete - self._claim.complete :]
        if write.claim.partial and write.items:
            sequence = self._head.next + write.claim.complete
            cut = [item for item in write.items if item["item"] >= keys.message(sequence)]
            [self._cut] = parts.join(cut, begin=sequence, end=sequence + 1)
        elif not write.claim.partial:
            self._cut = None
        self._claim = replace(write.claim, stopped=self._claim.stopped)
        self._written_at = self._context.clock()

    def _change(
        self, values: Mapping[str, Any], *, unless_stopped: bool = False, remove: Sequence[str] = ()
    ) -> dict[str, Any]:
        return change(
            self._context.table,
            self._head,
            values,
            token=self._claim.token,
            unless_stopped=unless_stopped,
            remove=remove,
        )

    def _transact(self, items: Sequence[Item], *changes: dict[str, Any]) -> None:
        try:
            self._context.table.transact(*map(self._context.table.put, items), *changes)
        except ConditionFailedError:
            raise LostTurnError from None
