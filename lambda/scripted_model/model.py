"""The model itself: Strands' streaming interface, answered without a network."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from strands.models import Model
from strands.types.content import Messages
from strands.types.event_loop import Usage
from strands.types.exceptions import ModelThrottledException
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec

from scripted_model.conversation import reply
from scripted_model.loopback import require_loopback
from scripted_model.rules import full_name
from scripted_model.script import Script, ScriptError, Step, pieces

_POLL_SECONDS = 0.01
_PIECE_CHARACTERS = 24


class ScriptedModel(Model):
    """A model that plays a script, and after its end, or without one, answers by the words of the question.

    Args:
        script: What it says.

    Raises:
        NotLocalError: The AWS of this process is not on this machine.
    """

    def __init__(self, script: Script | None = None) -> None:
        require_loopback(os.environ)
        self._script = script
        self._config: dict[str, Any] = {"model_id": "scripted"}

    def update_config(self, **model_config: Any) -> None:
        """See `Model`; it changes nothing of what the model says."""
        self._config.update(model_config)

    def get_config(self) -> dict[str, Any]:
        """See `Model`."""
        return self._config

    async def structured_output(self, *_: Any, **__: Any) -> AsyncGenerator[dict[str, Any]]:
        """See `Model`.

        Raises:
            ScriptError: Always: no rule makes an object of a schema.
        """
        _refuse_structured_output()
        yield {}  # makes it the generator that the interface asks for

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,  # noqa: ARG002 - a rule follows no instructions
        *,
        cancel_signal: threading.Event | None = None,
        **_: Any,
    ) -> AsyncIterable[StreamEvent]:
        """See `Model`: text in pieces, calls of tools, why it stopped, and what it used."""
        tools = [spec["name"] for spec in tool_specs or ()]
        steps = self._script.take() if self._script else None
        if steps is None:
            steps = _by_words(messages, tools)
        written, calls, stop = 0, 0, ""
        used = _used_calls(messages)
        yield {"messageStart": {"role": "assistant"}}
        for step in steps:
            await asyncio.sleep(0)
            match step.kind:
                case "text":
                    written += len(step.value)
                    for event in _text_events(step):
                        yield event
                        await asyncio.sleep(0)
                case "tool":
                    calls += 1
                    for event in _tool_events(step, tools, f"scripted-{used + calls}"):
                        yield event
                case "stop":
                    stop = step.value
                case _:
                    if not await self._interrupt(step, cancel_signal):
                        return
        reason: Any = stop or ("tool_use" if calls else "end_turn")
        yield {"messageStop": {"stopReason": reason}}
        yield _metadata(len(json.dumps(messages, default=str)), written)

    async def _interrupt(self, step: Step, cancel_signal: threading.Event | None) -> bool:
        """Wait or fail as a step says; whether the model is to go on.

        Raises:
            ModelThrottledException: The step says so.
            RuntimeError: The step says so.
        """
        if step.kind == "throttle":
            raise ModelThrottledException(step.value)
        if step.kind == "fail":
            raise RuntimeError(step.value)
        if step.kind == "wait_for":
            return await _until(Path(step.value).exists, cancel_signal)
        pause = self._script.pause(step.value) if self._script else None
        if pause is None:
            return True
        pause.reached.set()
        return await _until(pause.go.is_set, cancel_signal)


async def _until(happened: Callable[[], bool], cancel_signal: threading.Event | None) -> bool:
    """Wait until something happened; False when the model was told to stop before."""
    while not happened():
        if cancel_signal is not None and cancel_signal.is_set():
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


def _by_words(messages: Messages, tools: list[str]) -> list[Step]:
    said = reply(messages, tools)
    count = max(1, len(said.text) // _PIECE_CHARACTERS)
    texts = [Step(kind="text", value=said.text, pieces=count)] if said.text else []
    return [*texts, *(Step(kind="tool", value=call.tool, input=call.arguments) for call in said.calls)]


def _text_events(step: Step) -> Iterator[StreamEvent]:
    yield {"contentBlockStart": {"start": {}}}
    for piece in pieces(step.value, step.pieces):
        yield {"contentBlockDelta": {"delta": {"text": piece}}}
    yield {"contentBlockStop": {}}


def _tool_events(step: Step, tools: Iterable[str], call_id: str) -> Iterator[StreamEvent]:
    """A call of a tool; one that is not listed is called by the name that the script gives, as a model may err."""
    name = full_name(step.value, tools) or step.value
    yield {"contentBlockStart": {"start": {"toolUse": {"name": name, "toolUseId": call_id}}}}
    yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(step.input)}}}}
    yield {"contentBlockStop": {}}


def _used_calls(messages: Messages) -> int:
    """How many calls the conversation holds, so that the id of the next one is new."""
    return sum("toolUse" in block for message in messages for block in message["content"])


def _metadata(read: int, written: int) -> StreamEvent:
    """What was used: a token for four characters, which is about right for English."""
    given, made = -(-read // 4), -(-written // 4)
    usage = Usage(inputTokens=given, outputTokens=made, totalTokens=given + made)
    return {"metadata": {"usage": usage, "metrics": {"latencyMs": 0}}}


def _refuse_structured_output() -> NoReturn:
    raise ScriptError("The scripted model gives no structured output; use a model of Bedrock.")
