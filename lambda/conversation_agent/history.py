"""What the model gets of a conversation: its last turns, in the form that models insist on.

Bedrock refuses a history that does not begin with the user, in which roles do not alternate, or in which a tool's call
has no answer (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html). Turns are kept
whole, so calls stay with their answers; what a cut turn left open is closed here, and the store keeps it as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from conversation_agent.blocks import SIZE, StoredBlock

INTERRUPTED = "[This answer was interrupted here.]"
"""Ends the answer of a cut turn, so that the model does not take it for its whole answer."""

ModelMessage = dict[str, Any]


class Stored(Protocol):
    """A stored message (`conversations.Message`)."""

    @property
    def turn(self) -> int:
        """Its turn's first message."""

    @property
    def role(self) -> str:
        """Who says it."""

    @property
    def content(self) -> Sequence[StoredBlock]:
        """Its blocks."""

    @property
    def status(self) -> str:
        """`complete`, or that it is a part."""


def for_model(earlier: Sequence[Stored], *, turns: int) -> list[ModelMessage]:
    """Earlier turns as a model gets them.

    Args:
        earlier: the messages before the present turn, in order and in whole turns.
        turns: how many turns it gets, the last ones.
    """
    firsts = sorted({message.turn for message in earlier})
    chosen = firsts[-turns:] if turns else []
    return [message for first in chosen for message in _closed([stored for stored in earlier if stored.turn == first])]


def answered(messages: Sequence[Stored]) -> list[Stored]:
    """Of a turn that was cut, the messages to go on from: without a part of an answer, or calls without answers.

    Args:
        messages: the turn's messages, the user's first.
    """
    kept = list(messages)
    while kept and (kept[-1].status != "complete" or _calls(kept[-1])):
        kept.pop()
    return kept


def is_whole(messages: Sequence[Stored]) -> bool:
    """Whether the last of a turn's messages is a complete answer."""
    return bool(messages) and messages[-1].role == "assistant"


def model_message(stored: Stored) -> ModelMessage:
    """A message as a model gets it."""
    content = [{key: value for key, value in block.items() if key != SIZE} for block in stored.content]
    return {"role": stored.role, "content": content}


def _closed(turn: Sequence[Stored]) -> list[ModelMessage]:
    """A turn that ends with the agent's answer, whatever became of it."""
    kept = answered(turn)
    messages = [model_message(message) for message in kept]
    if is_whole(kept):
        return messages
    said = [block for message in turn[len(kept) :] for block in message.content if block.get("text")]
    return [*messages, {"role": "assistant", "content": [*said, {"text": INTERRUPTED}]}]


def _calls(message: Stored) -> bool:
    return any("toolUse" in block for block in message.content)
