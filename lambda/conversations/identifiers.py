"""Ids and digests."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Sequence

from conversations.errors import NotFoundError
from conversations.model import Block

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def conversation_id(owner_key: str, request_id: str) -> str:
    """The id of the conversation that a request of an owner begins: a UUID of version 8 (RFC 9562 §5.8).

    It follows from the request, so that a retry whose first try was not answered finds the same conversation. It is as
    hard to guess as the request id, and guessing it gains nothing: every call names the owner by itself.
    """
    digest = hashlib.sha256(json.dumps([owner_key, request_id]).encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | 8 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(uuid.UUID(int=value))


def checked_id(given: str) -> str:
    """A conversation id as it is written in a key.

    Raises:
        NotFoundError: It is no id that this store gives.
    """
    if not _ID.fullmatch(given):
        raise NotFoundError
    return given


def claim_token() -> str:
    """A value that no other claim of a turn has."""
    return secrets.token_hex(8)


def message_digest(content: Sequence[Block]) -> str:
    """Tells messages apart that come with one request id."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
