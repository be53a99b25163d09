"""Reads descriptions from Google-style docstrings.

https://google.github.io/styleguide/pyguide.html#383-functions-and-methods
"""

import inspect
import re
from dataclasses import dataclass

_SECTIONS = frozenset(
    {"Args:", "Attributes:", "Returns:", "Raises:", "Yields:", "Example:", "Examples:", "Note:", "Notes:"}
)
_ENTRY = re.compile(r"(?P<name>\*{0,2}\w+)(?: ?\([^)]*\))?:\s*(?P<text>.*)")


@dataclass(frozen=True)
class Docstring:
    """The parts of a docstring that a schema needs.

    Attributes:
        description: Everything before the first section, each paragraph on one line.
        entries: Names to descriptions, from the section asked for.
    """

    description: str
    entries: dict[str, str]


def read(documented: object, *, section: str = "Args:") -> Docstring:
    """Parse the docstring of a function or class.

    Args:
        documented: The function or class; an absent docstring gives empty parts.
        section: The heading whose entries are wanted.
    """
    lines = (inspect.getdoc(documented) or "").splitlines()
    headings = [number for number, line in enumerate(lines) if line in _SECTIONS]
    summary = lines[: headings[0]] if headings else lines
    paragraphs = "\n".join(summary).strip().split("\n\n")
    description = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    return Docstring(description, _entries(lines, section))


def _entries(lines: list[str], section: str) -> dict[str, str]:
    """The `name: text` entries under a heading; deeper indented lines continue an entry."""
    if section not in lines:
        return {}
    entries: dict[str, str] = {}
    name, indent = "", 0
    for line in lines[lines.index(section) + 1 :]:
        if line and not line[0].isspace():
            break
        text = line.strip()
        depth = len(line) - len(line.lstrip())
        match = _ENTRY.fullmatch(text)
        if match is not None and (not entries or depth <= indent):
            name, indent = match["name"], depth
            entries[name] = match["text"]
        elif name and text:
            entries[name] = f"{entries[name]} {text}".strip()
    return entries
