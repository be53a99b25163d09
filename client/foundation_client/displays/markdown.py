"""Markdown that is shown while it is being written.

A block of Markdown (paragraph, list, table, fence) is final once another one follows it. Final blocks are printed for
good and scroll away as any output does; only the last, unfinished one is drawn again when something is added. So long
answers neither flicker nor outgrow the window.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import ClassVar, cast

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown, MarkdownElement
from rich.segment import Segment
from rich.text import Text

_PARSER = MarkdownIt().enable("table").enable("strikethrough")


class _PlainHeading(Heading):
    """A heading at the left in bold: rich's own centres it, and frames the first level."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The heading's text."""
        text = self.text.copy()
        text.justify = "left"
        text.stylize("bold underline" if self.tag == "h1" else "bold")
        yield text


class Block(Markdown):
    """Rendered Markdown in the terminal's own colours; a link shows where it leads: its text may mislead."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {**Markdown.elements, "heading_open": _PlainHeading}

    def __init__(self, text: str) -> None:
        super().__init__(text, code_theme="ansi_dark", hyperlinks=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The text without the empty lines that rich puts around tables: a block's surroundings space it."""
        rendered = cast("Iterable[Segment]", super().__rich_console__(console, options))  # Markdown yields no others
        lines = list(Segment.split_lines(rendered))
        while lines and not _has_text(lines[0]):
            lines.pop(0)
        while lines and not _has_text(lines[-1]):
            lines.pop()
        for line in lines:
            yield from line
            yield Segment.line()


class GrowingMarkdown:
    """Text that comes in pieces: gives what is final, keeps the rest."""

    def __init__(self) -> None:
        self._rest = ""

    def add(self, text: str) -> list[Block]:
        """Take a piece; give the blocks that it made final."""
        self._rest += text
        # The last line counts once it is whole: "2" may become an item of the list above, or a paragraph.
        starts = _block_starts(self._rest[: self._rest.rfind("\n") + 1]) if "\n" in text else []
        if len(starts) < 2:
            return []
        lines = self._rest.split("\n")
        self._rest = "\n".join(lines[starts[-1] :])
        return [Block("\n".join(lines[begin:end])) for begin, end in pairwise(starts)]

    def finish(self) -> list[Block]:
        """No more comes: give what is left."""
        rest, self._rest = self._rest, ""
        return [Block(rest)] if rest.strip() else []

    @property
    def rest(self) -> str:
        """What is not final."""
        return self._rest


class Tail:
    """The end of an unfinished block: as many lines as fit in `height`."""

    def __init__(self, text: str, height: int) -> None:
        self._text = text
        self._height = max(1, height)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its last lines."""
        rendered = Block(self._text) if self._text.strip() else Text("")
        lines = console.render_lines(rendered, options.update(height=None), pad=False)
        for line in lines[-self._height :]:
            yield from line
            yield Segment.line()


def _has_text(line: list[Segment]) -> bool:
    return any(segment.text.strip() for segment in line)


def _block_starts(text: str) -> list[int]:
    """The lines at which the top-level blocks begin."""
    return [token.map[0] for token in _PARSER.parse(text) if token.level == 0 and token.map and token.nesting >= 0]
