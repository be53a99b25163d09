"""What the model reads of a conversation: the last question, what tools answered to it, and what it says then."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripted_model.rules import Call, resolved, wanted

_LONGEST_ANSWER = 1200
_MEMORY = re.compile(r"\bwhat (?:did|have) i (?:just )?ask|\bmy (?:first|last|previous) question", re.IGNORECASE)

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """What the model does next.

    Attributes:
        text: What it says; empty to say nothing.
        calls: The tools that it calls after that.
    """

    text: str
    calls: Sequence[Call] = ()


@dataclass(frozen=True)
class _Answer:
    tool: str
    text: str
    failed: bool


def reply(messages: Sequence[Message], tools: Sequence[str]) -> Reply:
    """What follows in a conversation.

    Args:
        messages: The conversation, as Strands has it.
        tools: Names of the tools that may be called.
    """
    at, question = _last_question(messages)
    answers = _answers(messages[at + 1 :])
    if answers:
        return Reply("\n\n".join(map(_told, answers)))
    if _MEMORY.search(question):
        return Reply(_remembered(messages[:at]))
    calls, missing = resolved(wanted(question), tools)
    lacking = "".join(f" I have no tool {name}." for name in missing)
    if calls:
        return Reply(f"Let me look that up.{lacking}", calls)
    return Reply(f"{lacking.strip()} {_abilities(tools)}".strip())


def _last_question(messages: Sequence[Message]) -> tuple[int, str]:
    """The last message in which the user says something, and its place; a message of tools' answers is none."""
    for at in range(len(messages) - 1, -1, -1):
        text = _text(messages[at])
        if messages[at]["role"] == "user" and text:
            return at, text
    return -1, ""


def _text(message: Message) -> str:
    return "\n".join(block["text"] for block in message["content"] if "text" in block).strip()


def _answers(messages: Sequence[Message]) -> list[_Answer]:
    names = {
        block["toolUse"]["toolUseId"]: block["toolUse"]["name"]
        for message in messages
        for block in message["content"]
        if "toolUse" in block
    }
    return [
        _Answer(
            tool=names.get(result["toolUseId"], "a tool").rpartition("___")[2],
            text="\n".join(_readable(block) for block in result["content"]),
            failed=result["status"] == "error",
        )
        for message in messages
        for block in message["content"]
        if (result := block.get("toolResult"))
    ]


def _readable(block: Mapping[str, Any]) -> str:
    if "text" in block:
        return str(block["text"])
    return json.dumps(block["json"]) if "json" in block else f"({', '.join(block)})"


def _told(answer: _Answer) -> str:
    """A tool's answer in a sentence, or as it is when there is no sentence for it."""
    if answer.failed:
        return f"{answer.tool} did not work: {_short(answer.text)}"
    try:
        data = json.loads(answer.text)
    except ValueError:
        data = None
    if isinstance(data, dict):
        if "time" in data and "timezone" in data:
            return f"In {data['timezone']} it is {data['time']}."
        if isinstance(data.get("message"), str):
            return str(data["message"])
        for name in ("buckets", "objects", "functions", "tables", "queues", "topics", "stacks", "vpcs"):
            if isinstance(data.get(name), list):
                return _listed(name, data[name])
    return f"{answer.tool} answered: {_short(answer.text)}"


def _listed(what: str, rows: Sequence[Any]) -> str:
    if not rows:
        return f"There are no {what}."
    shown = "\n".join(f"- {_label(row)}" for row in rows[:20])
    more = f"\n- and {len(rows) - 20} more" if len(rows) > 20 else ""
    return f"There are {len(rows)} {what}:\n{shown}{more}"


def _label(row: Any) -> str:
    if not isinstance(row, dict):
        return str(row)
    named = (str(row[key]) for key in ("name", "key", "id", "arn") if isinstance(row.get(key), str))
    return next(named, json.dumps(row)[:200])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_ANSWER else f"{text[:_LONGEST_ANSWER]}… ({len(text):,} characters)"


def _remembered(messages: Sequence[Message]) -> str:
    asked = [text for message in messages if message["role"] == "user" and (text := _text(message))]
    if not asked:
        return "You have not asked anything before."
    return "You asked before:\n" + "\n".join(f"{number}. {_short(text)}" for number, text in enumerate(asked, 1))


def _abilities(tools: Sequence[str]) -> str:
    """What the model can do; it is a stand-in and says so."""
    if not tools:
        return "I am a scripted model for local runs, and this agent has no tools."
    names = ", ".join(sorted({name.rpartition("___")[2] for name in tools}))
    return (
        "I am a scripted model for local runs. Ask me for instance what time it is in Sao Paulo, to list the buckets, "
        f"or for the objects in a bucket. My tools are: {names}."
    )
