"""Deleting a conversation: first nobody sees it any more, then its items go; after a crash another call goes on."""

from __future__ import annotations

from conversations import keys
from conversations.context import Context
from conversations.errors import ConflictError, NotFoundError
from conversations.head import change, visible
from conversations.table import ConditionFailedError

_TRIES = 5


def delete(context: Context, partition: str, *, owner: str) -> None:
    """Delete an owner's conversation, a turn that is being written included.

    Raises:
        NotFoundError: There is none, and nothing of it is left.
        ConflictError: Others kept writing to it.
    """
    went = _hide(context, partition, owner=owner)
    items = [item["item"] for item in context.table.query(partition, keys.MESSAGES, keys.AFTER_REQUESTS)]
    if not went and not items:
        raise NotFoundError
    context.table.delete(partition, items)


def _hide(context: Context, partition: str, *, owner: str) -> bool:
    """Make the head a tombstone, unless it is one already.

    A tombstone has no text, is in no list, and lets no turn begin or go on. It stays for a while, so that a late retry
    of the request that began the conversation does not begin it anew.

    Raises:
        NotFoundError: There is no such conversation of this owner, nor its tombstone.
        ConflictError: Others kept writing to it.
    """
    for _ in range(_TRIES):
        now = context.clock()
        item = context.table.get(partition, keys.HEAD)
        if item is not None and item["owner"] == owner and item.get("deleted"):
            return False
        head = visible(item, owner=owner, now=now)
        if head is None:
            raise NotFoundError
        values = {"deleted": True, "version": head.version + 1, "ttl": int(now) + context.limits.tombstone_seconds}
        try:
            context.table.transact(change(context.table, head, values, remove=["used_at", "title", "turn"]))
        except ConditionFailedError:
            continue
        return True
    raise ConflictError
