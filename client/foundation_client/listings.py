"""Lists of conversations and tools, and what was said: rendered for a terminal, or as plain lines for a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count

from rich.console import Group, RenderableType
from rich.text import Text

from foundation_client.cleaning import clean
from foundation_client.displays.markdown import Block
from foundation_client.wire import Conversation, Message, Tool
from foundation_client.words import call_words, short_name

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))

Rows = Sequence[Conversation] | Sequence[Message] | Sequence[Tool]


def rendered(rows: Rows, *, now: datetime | None = None) -> RenderableType:
    """Rows for a terminal of any width."""
    if not rows:
        return Text("None.", "dim")
    return Group(*_parts(rows, now or datetime.now(UTC)))


def lines(rows: Rows) -> Iterator[str]:
    """Rows as plain lines: conversations and tools with tabs between their columns, what was said as it was said."""
    for row in rows:
        match row:
            case Conversation():
                yield "\t".join((row.conversation_id, row.used_at, str(row.messages), _one_line(row.title)))
            case Tool():
                yield "\t".join((row.name, _one_line(row.description)))
            case Message():
                yield f"[{row.role}{_mark(row)}]"
                yield from _message_lines(row)
                yield ""


def _parts(rows: Rows, now: datetime) -> Iterator[RenderableType]:
    numbers = count(1)
    for row in rows:
        match row:
            case Conversation():
                yield _conversation(next(numbers), row, now)
            case Tool():
                yield Text.assemble((short_name(row.name), "bold"), "  ", (_one_line(row.description), "dim"))
            case Message():
                yield from _message(row)
                yield Text("")


def _conversation(number: int, row: Conversation, now: datetime) -> Text:
    return Text.assemble(
        (f"{number:>2}  ", "cyan"),
        (_one_line(row.title) or "untitled", "bold"),
        (f"  {row.messages} messages, {_ago(row.used_at, now)}  ", ""),
        (clean(row.conversation_id), "dim"),
    )


def _message(message: Message) -> Iterator[RenderableType]:
    for block in message.content:
        match block.get("type"):
            case "text" if message.role == "user":
                yield Text(f"> {clean(str(block.get('text')))}", "bold")
            case "text":
                yield Block(clean(str(block.get("text"))))
            case "tool_call":
                yield Text.assemble(("● ", "cyan"), (_call(block), "bold"))
            case "tool_result" if block.get("status") != "success":
                yield Text(f"  ✗ {_one_line(str(block.get('preview')))}", "red")
    if mark := _mark(message):
        yield Text(mark.strip(), "yellow")


def _message_lines(message: Message) -> Iterator[str]:
    for block in message.content:
        match block.get("type"):
            case "text":
                yield clean(str(block.get("text")))
            case "tool_call":
                yield f"calls {_call(block)}"
            case "tool_result" if block.get("status") != "success":
                yield f"failed: {_one_line(str(block.get('preview')))}"


def _call(block: Mapping[str, object]) -> str:
    given = block.get("input")
    return call_words(str(block.get("name")), given if isinstance(given, dict) else {})


def _mark(message: Message) -> str:
    return "" if message.status == "complete" else f" ({clean(message.status).replace('_', ' ')})"


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _ago(time: str, now: datetime) -> str:
    """How long a time is past; the time itself when it cannot be read."""
    try:
        seconds = (now - datetime.fromisoformat(time)).total_seconds()
    except (ValueError, TypeError):
        return clean(time)
    return next((f"{seconds // size:.0f} {unit} ago" for unit, size in _UNITS if seconds >= size), "just now")
