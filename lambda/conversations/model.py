"""What callers give and get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["user", "assistant"]
Block = Mapping[str, Any]
"""A content block as Amazon Bedrock's Converse API has it: text, toolUse, toolResult …; to the store JSON with bytes
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html)."""
MessageStatus = Literal["complete", "interrupted", "in_progress"]
TurnStatus = Literal["done", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """A message to be stored."""

    role: Role
    content: Sequence[Block]


@dataclass(frozen=True, kw_only=True)
class Message:
    """A stored message.

    Attributes:
        sequence: its place in the conversation, from 0.
        turn: the place of the first message of its turn, which is the user's.
        request_id: the client's id of the request that the turn answers.
        role: who says it.
        content: its blocks.
        at: when it was written, in UTC.
        status: `interrupted` when it was cut off, `in_progress` while it is being written.
        size: bytes of its content as JSON.
    """

    sequence: int
    turn: int
    request_id: str
    role: Role
    content: list[dict[str, Any]]
    at: datetime
    status: MessageStatus
    size: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A conversation in a list. `messages` counts what finished turns hold; times are in UTC."""

    id: str
    title: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    messages: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of a list; `cursor` leads to the next one, None after the last."""

    items: list[Summary]
    cursor: str | None


@dataclass(frozen=True, kw_only=True)
class OpenTurn:
    """A turn that did not end: `running` while its writer renews its lease, `interrupted` after that."""

    request_id: str
    state: Literal["running", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A conversation and its messages, or a part of them, in order.

    Attributes:
        summary: as lists show it, with the same count of messages.
        version: rises with every begin and end of a turn.
        length: how many messages there are; those of `turn` are counted.
        turn: the turn that did not end, if there is one; its messages come last.
    """

    summary: Summary
    version: int
    length: int
    messages: list[Message]
    turn: OpenTurn | None


@dataclass(frozen=True, kw_only=True)
class FinishedTurn:
    """A turn that ended: the user's message, then what was produced.

    Attributes:
        usage: what finish() was given, such as counts of tokens; it must be JSON.
    """

    conversation_id: str
    request_id: str
    status: TurnStatus
    messages: list[Message]
    usage: dict[str, Any] = field(default_factory=dict)

    @property
    def answer(self) -> list[Message]:
        """What was produced."""
        return self.messages[1:]
