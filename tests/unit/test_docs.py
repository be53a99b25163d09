"""Pages hold together: every link leads somewhere, every page is in its table, and no file keeps traces of a merge."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from local.layout import REPOSITORY

TABLES = {"docs/guides": "docs/README.md", "docs/reference": "docs/README.md",
          "docs/decisions": "docs/decisions/README.md"}  # fmt: skip
"""Folders of pages, and the page that lists those of each."""

_MARKER = re.compile(r"^(?:<{7}|\|{7}|>{7})(?: .*)?$|^={7}$", re.MULTILINE)
"""What git writes around a conflict: https://git-scm.com/docs/git-merge#_how_conflicts_are_presented."""
_NOT_OURS = {"node_modules", "cdk.out", "__pycache__"}


@cache
def files() -> tuple[Path, ...]:
    """The files of the project: those that git tracks, or in a copy without git all but what tools made."""
    if not (REPOSITORY / ".git").exists():
        return tuple(present(REPOSITORY))
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return tuple(file for name in listed.stdout.split("\0") if name and (file := REPOSITORY / name).is_file())


def present(folder: Path) -> Iterator[Path]:
    """The files in a folder, without what tools made and hidden ones."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in _NOT_OURS or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from present(entry)
        else:
            yield entry


def markers(text: str) -> list[str]:
    """The lines of a text that a merge left."""
    return [found.group() for found in _MARKER.finditer(text)]


@cache
def tokens(page: Path) -> Sequence[Token]:
    """What a page is made of, with what its lines are made of among it."""
    blocks = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    return [token for block in blocks for token in (block, *(block.children or ()))]


@cache
def anchors(page: Path) -> frozenset[str]:
    """The names of a page's headings, as GitHub makes them; the second of one name gets `-1`."""
    found, seen = set(), Counter[str]()
    for before, token in zip(tokens(page), tokens(page)[1:], strict=False):
        if before.type == "heading_open":
            text = "".join(part.content for part in token.children or ())
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return frozenset(found)


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """The links and pictures of a page that stay in the project: as written, the file, and the place in it."""
    for token in tokens(page):
        target = str(token.attrGet("href") or token.attrGet("src") or "")
        parts = urlsplit(target)
        if target and not parts.scheme and not parts.netloc:
            yield target, (page.parent / unquote(parts.path)).resolve() if parts.path else page, parts.fragment


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    return [
        target
        for target, file, place in links(page)
        if not file.exists() or (place and file.suffix == ".md" and place not in anchors(file))
    ]


def unlisted(folder: Path, table: Path) -> list[str]:
    """The pages of a folder to which its table has no link."""
    listed = {file for _, file, _ in links(table)}
    return [page.name for page in sorted(folder.glob("*.md")) if page.resolve() not in listed | {table.resolve()}]


def test_no_file_keeps_the_marks_of_a_merge() -> None:
    assert len(files()) > 500
    found = {str(file.relative_to(REPOSITORY)): markers(file.read_text("utf-8", "replace")) for file in files()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_every_link_of_every_page_leads_somewhere() -> None:
    pages = [file for file in files() if file.suffix == ".md"]
    assert sum(1 for page in pages for _ in links(page)) > 50
    found = {str(page.relative_to(REPOSITORY)): broken(page) for page in pages}
    assert {name: targets for name, targets in found.items() if targets} == {}


@pytest.mark.parametrize(("folder", "table"), TABLES.items())
def test_every_page_is_in_its_table(folder: str, table: str) -> None:
    assert unlisted(REPOSITORY / folder, REPOSITORY / table) == []


def test_marks_of_a_merge_are_found() -> None:
    ours, theirs, middle = "<" * 7 + " HEAD", ">" * 7 + " lead", "=" * 7
    assert markers(f"a\n{ours}\nb\n{middle}\nc\n{theirs}\nd") == [ours, middle, theirs]
    assert markers("A title\n" + "=" * 9 + "\n<<< no mark\n") == []


def test_broken_links_are_found_and_others_are_not(tmp_path: Path) -> None:
    page, other = tmp_path / "page.md", tmp_path / "other page.md"
    other.write_text("# What `it` is, and why\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n")
    page.write_text(
        "# Here\n\n[a](other%20page.md#what-it-is-and-why) [b](other%20page.md#twice-1) [c](#here) [d](https://x.org/y)\n\n"
        "| table |\n|---|\n| [e](missing.md) |\n\n[f](other%20page.md#no-heading) [g](#there) ![h](picture.svg)\n\n"
        "`[i](code.md)`\n\n[j][reference]\n\n[reference]: gone.md\n"
    )
    assert broken(page) == ["missing.md", "other%20page.md#no-heading", "#there", "picture.svg", "gone.md"]


def test_a_page_without_a_row_is_found(tmp_path: Path) -> None:
    for name in ("first.md", "second.md"):
        (tmp_path / name).write_text("# Page\n")
    table = tmp_path / "README.md"
    table.write_text("| page |\n|---|\n| [first](first.md) |\n\nsecond.md is not linked.\n")
    assert unlisted(tmp_path, table) == ["second.md"]


def test_without_git_the_files_are_those_that_no_tool_made(tmp_path: Path) -> None:
    for name in ("docs/page.md", ".venv/lib.py", "node_modules/a.js", "app.py", "lambda/x/__pycache__/x.pyc"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert [str(file.relative_to(tmp_path)) for file in present(tmp_path)] == ["app.py", "docs/page.md"]
