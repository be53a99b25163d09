"""Stopping a turn from outside: a mark on the head, which the turn's writer finds when it next writes.

Who asks and who writes are different processes: AWS Lambda gives each request an execution environment of its own.
"""

from __future__ import annotations

from conversations import keys
from conversations.context import Context
from conversations.errors import ConflictError, NotFoundError, NotOpenError
from conversations.head import change, visible
from conversations.requests import find
from conversations.table import ConditionFailedError

_TRIES = 5


def stop(context: Context, partition: str, *, owner: str, request_id: str) -> None:
    """Ask the writer of a request's turn to end it. Asking again, also after that end, changes nothing.

    Raises:
        NotFoundError: There is no such conversation of this owner.
        NotOpenError: The request was answered whole, or is not one of this conversation.
        ConflictError: Others kept writing to it.
    """
    for _ in range(_TRIES):
        item = context.table.get(partition, keys.HEAD)
        head = visible(item, owner=owner, now=context.clock())
        if head is None:
            raise NotFoundError
        if head.turn is None or head.turn.request_id != request_id:
            record = find(context.table, partition, request_id)
            if record is None or record.status != "interrupted":
                raise NotOpenError
            return
        if head.turn.stopped:
            return
        try:
            context.table.transact(change(context.table, head, {"turn.stopped": True}, token=head.turn.token))
        except ConditionFailedError:
            continue  # it ended, or another writer took over: look again
        return
    raise ConflictError
