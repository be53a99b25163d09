"""A conversation with an agent, held by the command that people use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from local.console import Console
from local.failure import LocalRunError
from local.layout import Layout
from local.surroundings import base_environment

CLIENT = Path(sys.executable).with_name("foundation")
QUESTION = "What time is it in America/Sao_Paulo?"
_SECONDS = 120


def converse(layout: Layout, agent: str, console: Console) -> None:
    """Ask an agent something that takes a tool, and print what the client gets: one event after the other.

    Raises LocalRunError with the client's words when it gets no answer.
    """
    arguments = ("chat", "--env", "local", "--agent", agent, "-m", QUESTION, "--json-stream")
    console.detail(f'foundation chat -m "{QUESTION}"')
    try:
        run = subprocess.run(  # noqa: S603 - our own command
            [CLIENT, *arguments],
            env=base_environment(layout) | {"FOUNDATION_STATE": str(layout.state), "NO_COLOR": "1"},
            cwd=layout.repository,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LocalRunError(f"{agent} did not answer within {_SECONDS} s; {_where(layout)}.") from None
    if run.returncode:
        raise LocalRunError(f"The conversation with {agent} failed; {_where(layout)}:\n\n{run.stderr.strip()}")
    for line in _told(run.stdout):
        console.say(f"{'':13}{line}")


def how_to_go_on() -> str:
    """The command for a conversation of one's own, as a person in the repository types it."""
    return f"{Path(os.path.relpath(CLIENT))} chat --env local"


def _told(printed: str) -> Iterator[str]:
    """The client's events, a JSON object a line, as lines for a person; pieces of text are put together."""
    for name, group in groupby(map(json.loads, printed.splitlines()), key=lambda event: event["event"]):
        events = list(group)
        if name == "text":
            yield from "".join(event["text"] for event in events).splitlines()
        for event in events if name in ("tool_call", "tool_result") else ():
            yield _tool(event)


def _tool(event: dict[str, Any]) -> str:
    tool = event["name"].rpartition("___")[2]
    if event["event"] == "tool_call":
        given = ", ".join(f"{name}={json.dumps(value)}" for name, value in event["input"].items())
        return f"-> {tool}({given})"
    return f"<- {event['preview']}"


def _where(layout: Layout) -> str:
    return f"{layout.shown(layout.logs / 'emulator.log')} tells of its function"
