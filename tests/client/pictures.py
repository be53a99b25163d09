"""Draws the pictures of the guide from real sessions of the client: `python -m tests.client.pictures`.

The client runs in a terminal against the fake service, so that the pictures show what it does, and nothing of the
machine they were made on. Measured times differ from run to run and are written as one that looks alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pyte.screens
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from tests.client.conftest import client_variables
from tests.client.fake_service import FakeService, Frame, Server
from tests.client.parameter_store import ParameterStore, running
from tests.client.terminal import ENTER, Terminal

FOLDER = Path(__file__).parents[2] / "docs" / "guides" / "chat"
_PARAMETER = "/foundation/dev/agent-service/acme-corp/finance-agent/url"
_MEASURED = re.compile(r"\b\d+\.\d s, (?=\d+(?:\.\d)? k?B)")
_FONT_FACES = re.compile(r"@font-face \{\{.*?\}\}", re.DOTALL)
_OLD = "6f1c2d9e-3b5a-8c41-9d27-0a4be86f7e15"
_QUESTION = "Which reports of November are there, and how large are they?"

_REPORTS: list[Frame] = [
    (
        "tool_call",
        {
            "tool_call_id": "t1",
            "name": "aws-operations-v1___s3_read_operations",
            "input": {"operation": "list_objects", "bucket": "example-reports", "prefix": "2026/11"},
        },
    ),
    (
        "tool_result",
        {
            "tool_call_id": "t1",
            "name": "aws-operations-v1___s3_read_operations",
            "status": "success",
            "preview": "{}",
            "bytes": 412,
        },
    ),
    (
        "text",
        {
            "text": "There are **two reports** of November:\n\n"
            "| report | size |\n|---|---|\n| november.csv | 24 kB |\n| november-draft.csv | 19 kB |\n\n"
            "The draft is older; `november.csv` is the one to use.\n"
        },
    ),
    ("usage", {"input_tokens": 1834, "output_tokens": 96, "total_tokens": 1930, "latency_ms": 2300}),
]


def draw(name: str, server: Server) -> str:
    """The SVG of a picture; `server` serves its service."""
    columns, lines, play = _PICTURES[name]
    with TemporaryDirectory() as home, running(ParameterStore({})) as store:
        fake = server.serve(FakeService(answers={_QUESTION: _REPORTS}))
        fake.conversations[_OLD] = [
            ("user", "What did October cost?"),
            ("assistant", "$ 1,204 in all."),
        ]
        used_at = (datetime.now(UTC) - timedelta(days=2, hours=1)).isoformat()
        fake.used_at = used_at
        store.parameters[_PARAMETER] = fake.url
        variables = client_variables("", Path(home)) | {"AWS_ENDPOINT_URL_SSM": store.url, "COLORTERM": ""}
        del variables["FOUNDATION_URL"]
        with Terminal(["chat"], variables, columns=columns, lines=lines) as terminal:
            terminal.prompts()
            play(terminal)
            return _svg(terminal, f"foundation chat ({columns} columns)" if columns < 80 else "foundation chat", name)


def _ask(terminal: Terminal) -> None:
    terminal.type(_QUESTION + ENTER)
    terminal.shows("tokens in")
    terminal.prompts()


def _browse(terminal: Terminal) -> None:
    for command in ("/help", "/conversations", "/open 1"):
        terminal.type(command + ENTER)
        terminal.shows(f"> {command}")
        terminal.prompts()


_PICTURES: Mapping[str, tuple[int, int, Callable[[Terminal], None]]] = {
    "chat": (80, 26, _ask),
    "narrow": (34, 36, _ask),
    "commands": (80, 28, _browse),
}


def _svg(terminal: Terminal, title: str, name: str) -> str:
    console = Console(
        record=True, file=StringIO(), width=terminal.screen.columns, force_terminal=True, legacy_windows=False
    )
    rows = [_row(terminal.screen, number) for number in range(terminal.screen.lines)]
    while rows and not rows[-1].plain.strip():
        rows.pop()
    for row in rows:
        console.print(row, no_wrap=True, overflow="crop")
    # Without the web font, so that the picture needs nothing from elsewhere.
    template = _FONT_FACES.sub("", CONSOLE_SVG_FORMAT)
    return console.export_svg(title=title, theme=SVG_EXPORT_THEME, code_format=template, unique_id=f"foundation-{name}")


def _row(screen: pyte.screens.Screen, number: int) -> Text:
    row = Text()
    for column in range(screen.columns):
        cell = screen.buffer[number][column]
        row.append(cell.data, _style(cell))
    for found in reversed(list(_MEASURED.finditer(row.plain))):
        row = Text.assemble(row[: found.start()], ("0.4 s, ", row[found.start()].style), row[found.end() :])
    row.rstrip()
    return row


def _style(cell: pyte.screens.Char) -> Style:
    colour = {"default": None, "brown": "yellow", "brightblack": "bright_black"}.get(cell.fg, cell.fg)
    if colour and re.fullmatch("[0-9a-f]{6}", colour):
        colour = f"#{colour}"
    return Style(color=colour, bold=cell.bold, italic=cell.italics, underline=cell.underscore, reverse=cell.reverse)


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    with Server() as server:
        for name in _PICTURES:
            (FOLDER / f"{name}.svg").write_text(draw(name, server), encoding="utf-8")


if __name__ == "__main__":
    main()
