"""The answer in a terminal: Markdown rendered as it comes, tool calls as lines between, a status line below."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text as Line

from foundation_client.cleaning import clean
from foundation_client.displays.markdown import GrowingMarkdown, Tail
from foundation_client.events import Done, Error, Event, Notice, Restarted, Text, ToolCall, ToolResult, Usage
from foundation_client.failure import CommandError
from foundation_client.stopping import Stop
from foundation_client.words import call_words, ending_words, result_words, short_name, usage_words

_FRAMES_PER_SECOND = 12
_OTHER_LINES = 3


class TerminalDisplay:
    """Shows one answer on a console; its lower part is drawn again until the answer is over."""

    def __init__(self, console: Console, *, now: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._now = now
        self._markdown = GrowingMarkdown()
        self._spinner = Spinner("dots")
        self._doing = "thinking"
        self._since = now()
        self._last = ""
        """The kind of what was printed last: text, tool or note."""
        self._last_call = ""
        # rich's own thread may draw between the moment that a print computes the cursor's way and its writing, which
        # leaves empty lines: here, one lock guards both.
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._live = Live(
            self,
            console=console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def begin(self) -> None:
        """Show that the message is on its way."""
        self._live.start(refresh=True)
        self._ticker.start()

    def show(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case Text(text):
                self._do("")
                self._print("text", *self._markdown.add(clean(text)))
            case ToolCall():
                self._finish_text()
                self._print("tool", _marked("●", "cyan", Line(call_words(event.name, event.input), "bold")))
                self._last_call = event.tool_call_id
                self._do(short_name(event.name))
            case ToolResult():
                self._print("tool", self._result(event))
                self._do("thinking")
            case Usage():
                self._note(usage_words(event), "dim")
            case Error():
                self._note(f"The answer failed: {clean(event.message)} (correlation id {event.correlation_id})", "red")
            case Done():
                if words := ending_words(event):
                    self._note(words, "yellow")
            case Notice(text):
                self._do(clean(text))
            case Restarted():
                self._note("The answer begins anew; what stands above no longer counts.", "yellow")

    def end(self, stop: Stop | None = None) -> None:
        """Leave what is final on the screen."""
        self._over.set()
        with self._lock:
            self._finish_text()
            if stop:
                self._note(clean(stop.words), "yellow" if stop.taken else "red")
            self._do("")
            self._live.stop()

    def _tick(self) -> None:
        """Draw the lower part again, until the answer is over."""
        while not self._over.wait(1 / _FRAMES_PER_SECOND):
            with self._lock:
                if not self._over.is_set():
                    self._live.refresh()

    def fail(self, _: CommandError) -> None:
        """Leave what is final on the screen."""
        self.end()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The part that is drawn again: the end of the unfinished block, and what is being done."""
        rest = self._markdown.rest
        if rest.strip():
            if self._last:
                yield Line("")
            yield Tail(rest, console.height - _OTHER_LINES)
        if self._doing:
            seconds = int(self._now() - self._since)
            told = f"{self._doing} {seconds} s" if seconds else self._doing
            status = Line(f"{told} (Ctrl-C stops)", "dim", no_wrap=True, overflow="ellipsis")
            self._spinner.update(text=status)
            yield self._spinner

    def _do(self, what: str) -> None:
        """What the status line says; nothing hides it."""
        if what != self._doing:
            self._doing, self._since = what, self._now()

    def _finish_text(self) -> None:
        self._print("text", *self._markdown.finish())

    def _note(self, words: str, style: str) -> None:
        self._finish_text()
        self._print("note", Line(words, style))

    def _print(self, kind: str, *parts: RenderableType) -> None:
        """Print for good, above what is drawn again; an empty line parts blocks of text, and one kind from another."""
        for part in parts:
            spaced = self._last and (kind == "text" or kind != self._last)
            self._console.print(*(["", part] if spaced else [part]), sep="\n")
            self._last = kind

    def _result(self, result: ToolResult) -> RenderableType:
        """A result stands below its call; one of several calls made at once says whose it is."""
        mark, style = ("✗", "red") if result.failed else ("✓", "green")
        words = result_words(result)
        if result.tool_call_id != self._last_call:
            words = f"{short_name(result.name)}: {words}"
        return _marked(f"  {mark}", style, Line(words, "red" if result.failed else "dim"))


def _marked(mark: str, style: str, line: Line) -> Table:
    """A line behind a mark, its continuation lines indented alike."""
    line.overflow = "fold"
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Line(mark, style), line)
    return grid
