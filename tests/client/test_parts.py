"""Small parts: patience, Markdown that grows, words for sizes and calls."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st
from markdown_it import MarkdownIt

from foundation_client.cleaning import clean
from foundation_client.displays.markdown import GrowingMarkdown
from foundation_client.events import ToolResult
from foundation_client.patience import Patience, retry_after_seconds
from foundation_client.words import call_words, result_words


@given(failures=st.integers(1, 30), after=st.none() | st.floats(0, 200), seed=st.floats(0, 1))
def test_a_delay_is_bounded_and_never_shorter_than_asked(failures: int, after: float | None, seed: float) -> None:
    patience = Patience(uniform=lambda least, most: least + seed * (most - least))
    delay = patience.delay(failures, after)
    if failures >= patience.attempts or (after or 0) > patience.longest_retry_after:
        assert delay is None
    else:
        assert delay is not None
        assert (after or 0) <= delay <= (after or 0) + min(patience.cap, patience.base * 2**failures)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Wed, 25 Nov 2026 14:00:30 GMT", 30.0),
        ("Wed, 25 Nov 2026 13:00:00 GMT", 0.0),
        ("-1", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, datetime(2026, 11, 25, 14, tzinfo=UTC)) == seconds


_BLOCKS = st.sampled_from(
    [
        "A paragraph\nof two lines.",
        "# Heading",
        "Setext\n======",
        "- one\n- two\n\n- loose\n  more",
        "1. first\n\n   code:\n\n       indented\n\n2. second",
        "```python\nprint('x')\n\n# no heading\n```",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "> quoted\n> text",
        "---",
        "<div>\nhtml\n</div>",
        "tabs\tand \\| escapes and 世界",
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(_BLOCKS, max_size=6), st.data())
def test_markdown_in_pieces_gives_what_it_gives_whole(blocks: list[str], data: st.DataObject) -> None:
    text = "\n\n".join(blocks)
    growing, pieces, rest = GrowingMarkdown(), [], text
    while rest:
        size = data.draw(st.integers(1, 12))
        pieces += growing.add(rest[:size])
        rest = rest[size:]
    pieces += growing.finish()
    parser = MarkdownIt().enable("table").enable("strikethrough")
    whole = parser.render(text)
    assert "".join(parser.render(piece.markup) for piece in pieces) == whole


@given(st.text())
def test_cleaned_text_has_no_control_characters_but_line_feeds_and_tabs(text: str) -> None:
    cleaned = clean(text)
    assert all(character >= " " or character in "\n\t" for character in cleaned)
    assert not set(cleaned) & {chr(code) for code in (*range(0x7F, 0xA0), 0x202E, 0x2066)}


def test_a_call_reads_as_code_and_long_values_are_cut() -> None:
    words = call_words("server-v1___find", {"name": "x" * 100, "deep": {"a": [1, None]}})
    assert words == f'find(name="{"x" * 58}…, deep={{"a": [1, null]}})'


@pytest.mark.parametrize(
    ("count", "seconds", "words"),
    [(17, 0.25, "0.2 s, 17 B"), (1_048_576, 2.0, "2.0 s, 1.0 MB"), (2_500, None, "2.5 kB")],
)
def test_a_result_says_how_long_and_how_much(count: int, seconds: float | None, words: str) -> None:
    result = ToolResult(tool_call_id="t", name="n", failed=False, preview="", bytes=count, seconds=seconds)
    assert result_words(result) == words
