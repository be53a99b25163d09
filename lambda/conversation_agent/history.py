"""What the model gets of a conversation: its last turns, in the form that models insist on.

Bedrock refuses a history that does not begin with the user, in which roles do not alternate, or in which a tool's call
has no answer (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html). Turns are kept
whole, so calls stay with their answers; what a cut turn left open is closed here, and the store keeps it as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from conversation_agent.blocks import SIZE
from conversations import Message

INTERRUPTED = "[This answer was interrupted here.]"
"""Ends the answer of a cut turn, so that the model does not take it for its whole answer."""

ModelMessage = dict[str, Any]


def for_model(earlier: Sequence[Message]) -> list[ModelMessage]:
    """Earlier turns as a model gets them.

    Args:
        earlier: messages before the present turn, in order and in whole turns.
    """
    return [message for _, turn in groupby(earlier, lambda one: one.turn) for message in _closed(list(turn))]


def model_message(stored: Message) -> ModelMessage:
    """A message as a model gets it."""
    content = [{key: value for key, value in block.items() if key != SIZE} for block in stored.content]
    return {"role": stored.role, "content": content}


def is_answer(message: Message) -> bool:
    """Whether a message is the agent's whole answer, after which it says nothing more in its turn."""
    return message.role == "assistant" and message.status == "complete" and not _calls(message)


def _closed(turn: Sequence[Message]) -> list[ModelMessage]:
    """A turn that ends with the agent's answer, whatever became of it."""
    kept = list(turn)
    while kept and (kept[-1].status != "complete" or _calls(kept[-1])):
        kept.pop()
    messages = [model_message(message) for message in kept]
    if kept and is_answer(kept[-1]):
        return messages
    said = [{"text": block["text"]} for left in turn[len(kept) :] for block in left.content if block.get("text")]
    return [*messages, {"role": "assistant", "content": [*said, {"text": INTERRUPTED}]}]


def _calls(message: Message) -> bool:
    return any("toolUse" in block for block in message.content)
