"""A conversation with an agent, held by the command that people use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.console import Console
from local.failure import LocalRunError
from local.layout import Layout
from local.surroundings import base_environment

CLIENT = Path(sys.executable).with_name("foundation")
QUESTION = "What time is it in America/Sao_Paulo?"
_SECONDS = 120


def converse(layout: Layout, agent: str, console: Console) -> None:
    """Ask an agent something that takes a tool, and print what the client prints.

    Raises LocalRunError with the client's words when it gets no answer.
    """
    arguments = ("chat", "--env", "local", "--agent", agent, "-m", QUESTION)
    console.detail(f'foundation chat -m "{QUESTION}"')
    try:
        run = subprocess.run(  # noqa: S603 - our own command
            [CLIENT, *arguments],
            env=base_environment(layout) | {"FOUNDATION_STATE": str(layout.state), "NO_COLOR": "1"},
            cwd=layout.repository,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LocalRunError(f"{agent} did not answer within {_SECONDS} s; {_where(layout)}.") from None
    if run.returncode:
        raise LocalRunError(f"The conversation with {agent} failed; {_where(layout)}:\n\n{run.stdout.strip()}")
    console.say("\n".join(_indented(run.stdout)))


def how_to_go_on() -> str:
    """The command for a conversation of one's own, as a person in the repository types it."""
    return f"{Path(os.path.relpath(CLIENT))} chat --env local"


def _indented(text: str) -> Iterator[str]:
    return (f"{'':13}{line}".rstrip() for line in text.strip().splitlines())


def _where(layout: Layout) -> str:
    return f"{layout.shown(layout.logs / 'emulator.log')} tells of its function"
