"""Keeping a conversation that is used: its head with every use, its other items when they would expire before it."""

from __future__ import annotations

import logging

from botocore.exceptions import BotoCoreError, ClientError

from conversations import keys
from conversations.context import Context
from conversations.errors import StoreBusyError
from conversations.head import Head, change
from conversations.table import TRANSACTION_ITEMS, ConditionFailedError

_logger = logging.getLogger(__name__)


def keep(context: Context, head: Head, *, slack: float = 0.0) -> None:
    """Make the conversation expire a full period from now, as far as DynamoDB lets it.

    Whoever calls has read or written what it wanted, and must not fail for this. Another process that writes at the
    same time keeps the conversation too, and what failed is done again with the next use.

    Args:
        context: the store's.
        head: the conversation's, as it was read.
        slack: which part of the period it may expire earlier before anything is written.
    """
    now = context.clock()
    if context.retention.conversation(now) - head.ttl <= slack * context.retention.seconds:
        return
    kept_until = head.kept_until
    try:
        if kept_until < context.retention.conversation(now):
            kept_until = context.retention.items(now)
            _keep_items(context, head, kept_until)
        values = {"ttl": context.retention.conversation(now), "kept_until": kept_until}
        context.table.transact(change(context.table, head, values))
    except ConditionFailedError:
        return
    except (StoreBusyError, ClientError, BotoCoreError) as error:
        _logger.warning("a conversation's expiry was not put off: %s", type(error).__name__)


def _keep_items(context: Context, head: Head, until: int) -> None:
    """Write `ttl` of all messages and requests. Those that were deleted since are not made anew."""
    table, partition = context.table, head.partition
    items = [item["item"] for item in table.query(partition, keys.MESSAGES, keys.AFTER_REQUESTS)]
    for begin in range(0, len(items), TRANSACTION_ITEMS):
        updates = [
            table.update(partition, item, when={"conversation_id": partition}, values={"ttl": until})
            for item in items[begin : begin + TRANSACTION_ITEMS]
        ]
        table.transact(*updates)
