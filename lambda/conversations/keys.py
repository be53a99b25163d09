"""Sort keys. They sort as head, messages in their order, requests: a Query of the first two gives a conversation."""

from __future__ import annotations

HEAD = "head"
MESSAGES = "message#"
REQUESTS = "request#"
AFTER_MESSAGES = "message$"
"""Sorts after every message and before every request."""
AFTER_REQUESTS = "request$"


def message(sequence: int, part: int = 0) -> str:
    """The key of a part of a message."""
    return f"{MESSAGES}{sequence:08d}#{part:04d}"


def request(request_id: str) -> str:
    """The key of what is known of a request that was answered."""
    return f"{REQUESTS}{request_id}"


def place(key: str) -> tuple[int, int]:
    """Sequence and part of a message's key."""
    _, sequence, part = key.split("#")
    return int(sequence), int(part)
