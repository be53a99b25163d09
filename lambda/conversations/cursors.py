"""Cursors: where a list goes on, as text that callers hand back without reading it.

A cursor holds a place in the list and a checksum over it and the owner, so that one of another owner, or one that was
damaged, is refused. The checksum is no secret and needs none: owner and agent are never taken from a cursor, so that a
forged one can do no more than choose another place in its own owner's list.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from conversations import keys
from conversations.errors import CursorError
from conversations.head import Head

_LONGEST = 400


def cursor_of(last: Head, owner: str) -> str:
    """The cursor of the place in an owner's list that is after `last`."""
    text = json.dumps([last.id, last.used_ms])
    return base64.urlsafe_b64encode(json.dumps([text, _checksum(text, owner)]).encode()).decode().rstrip("=")


def place_of(cursor: str, owner: str) -> dict[str, Any]:
    """The place in an owner's list that a cursor names, as DynamoDB takes it.

    Raises:
        CursorError: It is no cursor of this owner.
    """
    if len(cursor) > _LONGEST:
        raise CursorError
    try:
        text, checksum = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        conversation_id, used_at = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise CursorError from None
    if checksum != _checksum(text, owner):
        raise CursorError
    return {
        "conversation_id": f"{keys.agent_of(owner)}{conversation_id}",
        "item": keys.HEAD,
        "owner": owner,
        "used_at": used_at,
    }


def _checksum(text: str, owner: str) -> str:
    return hashlib.sha256(json.dumps([owner, text]).encode()).hexdigest()[:16]
