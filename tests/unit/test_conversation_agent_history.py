"""What a model gets of earlier turns: Bedrock takes it, whatever became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from conversation_agent.blocks import BLOCKED, SIZE
from conversation_agent.history import INTERRUPTED, WITHHELD, for_model
from conversations import Message

Said = tuple[str, list[dict[str, Any]]]

QUESTION: Said = ("user", [{"text": "Do both"}])
_USES = [{"toolUse": {"toolUseId": one, "name": "t", "input": {}}} for one in "AB"]
CALLS: Said = ("assistant", [{"text": "Now. "}, *_USES])


def result(call: str) -> Said:
    block = {"toolResult": {"toolUseId": call, "status": "success", "content": [{"text": call}]}, SIZE: 1}
    return "user", [block]


def turn(*messages: Said, cut: bool = False) -> list[Message]:
    return [
        Message(
            sequence=number,
            turn=0,
            request_id="r1",
            role="user" if role == "user" else "assistant",
            content=content,
            at=datetime.now(UTC),
            status="interrupted" if cut and number == len(messages) - 1 else "complete",
            size=1,
        )
        for number, (role, content) in enumerate(messages)
    ]


@pytest.mark.parametrize(
    "earlier",
    [
        turn(QUESTION),
        turn(QUESTION, ("assistant", [{"text": "Ha"}]), cut=True),
        turn(QUESTION, CALLS),
        turn(QUESTION, CALLS, result("B")),
        turn(QUESTION, CALLS, result("B"), result("A")),
        turn(QUESTION, CALLS, result("B"), result("A"), ("assistant", [{"text": "Do"}]), cut=True),
        turn(QUESTION, CALLS, result("B"), result("A"), ("assistant", [{"text": "Done."}])),
    ],
)
def test_roles_alternate_and_every_call_has_one_answer(earlier: list[Message]) -> None:
    found = for_model(earlier)
    assert (found[0]["role"], found[-1]["role"]) == ("user", "assistant")
    assert all(one["role"] != other["role"] for one, other in pairwise(found))
    for asked, answered in pairwise(found):
        calls = [block["toolUse"]["toolUseId"] for block in asked["content"] if "toolUse" in block]
        answers = [block["toolResult"]["toolUseId"] for block in answered["content"] if "toolResult" in block]
        assert sorted(calls) == sorted(answers)
    assert not any("toolUse" in block for block in found[-1]["content"])
    assert SIZE not in str(found)


def test_a_call_without_an_answer_is_told_as_unknown_and_its_neighbours_answer_is_kept() -> None:
    answers = for_model(turn(QUESTION, CALLS, result("B")))[2]["content"]
    told = {one["toolResult"]["toolUseId"]: one["toolResult"]["content"][0]["text"] for one in answers}
    assert told["B"] == "B"
    assert "not known whether it ran" in told["A"]


def test_a_cut_answer_says_that_it_is_one() -> None:
    found = for_model(turn(QUESTION, ("assistant", [{"text": "Ha"}]), cut=True))
    assert found[-1]["content"] == [{"text": "Ha"}, {"text": INTERRUPTED}]


def test_a_turn_that_a_guardrail_stopped_leaves_a_note() -> None:
    found = for_model(turn(QUESTION, CALLS, result("A"), ("assistant", [{"text": "I may not.", BLOCKED: True}])))
    assert found == [
        {"role": "user", "content": [{"text": WITHHELD}]},
        {"role": "assistant", "content": [{"text": "I may not."}]},
    ]
