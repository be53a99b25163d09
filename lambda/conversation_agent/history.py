"""What the model gets of a conversation: its last turns, in the form that models insist on.

Bedrock refuses a history that does not begin with the user, in which roles do not alternate, or in which a tool's call
has no answer (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html). Tools' answers
are stored one by one, as they come, and are one message here. Turns are kept whole, so calls stay with their answers;
what a cut turn left open is closed here, and the store keeps it as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from conversation_agent.blocks import BLOCKED, SIZE
from conversation_agent.calls import unanswered, unknown_result
from conversations import Message

INTERRUPTED = "[This answer was interrupted here.]"
"""Ends the answer of a cut turn, so that the model does not take it for its whole answer."""

WITHHELD = "[A guardrail stopped this question or its answer; neither is shown again.]"
"""Stands for a question that ended so: shown again, it would let the guardrail stop every later one."""

ModelMessage = dict[str, Any]

_OURS = frozenset({SIZE, BLOCKED})


def for_model(earlier: Sequence[Message]) -> list[ModelMessage]:
    """Earlier turns as a model gets them.

    Args:
        earlier: messages before the present turn, in order and in whole turns.
    """
    return [message for _, turn in groupby(earlier, lambda one: one.turn) for message in _closed(list(turn))]


def of_turn(stored: Sequence[Message]) -> list[ModelMessage]:
    """Whole messages of one turn as a model gets them: neighbours of one role are one message."""
    return [
        {"role": role, "content": [_model_block(block) for message in messages for block in message.content]}
        for role, messages in groupby(stored, lambda message: message.role)
    ]


def is_answer(message: Message) -> bool:
    """Whether a message is the agent's whole answer, after which it says nothing more in its turn."""
    return message.role == "assistant" and message.status == "complete" and not _calls(message)


def _closed(turn: Sequence[Message]) -> list[ModelMessage]:
    """A turn that ends with the agent's answer, whatever became of it."""
    if any(BLOCKED in block for block in turn[-1].content):
        return [{"role": "user", "content": [{"text": WITHHELD}]}, *of_turn(turn[-1:])]
    whole = [message for message in turn if message.status == "complete"]
    messages = of_turn(whole)
    if is_answer(turn[-1]):
        return messages
    if left := [unknown_result(call) for call in unanswered(message.content for message in whole)]:
        if messages[-1]["role"] == "user":
            messages[-1]["content"] += left
        else:
            messages.append({"role": "user", "content": left})
    said = [{"text": block["text"]} for cut in turn[len(whole) :] for block in cut.content if block.get("text")]
    return [*messages, {"role": "assistant", "content": [*said, {"text": INTERRUPTED}]}]


def _model_block(block: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if key not in _OURS}


def _calls(message: Message) -> bool:
    return any("toolUse" in block for block in message.content)
