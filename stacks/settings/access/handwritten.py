"""Reads `config/policies/*.cedar`: rules beyond what groups grant, by hand (R9).

Files in `config/policies/` are for every environment, those in `config/policies/<environment>/` for that one. Each
statement becomes a policy of its own. `AgentCore::Gateway::"gateway"` stands for the gateway's ARN.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cedarpy
from cedarpy import pst
from pydantic import TypeAdapter, ValidationError

from foundation.policy_text import PolicyText
from stacks.settings.base import IN_WORDS, Slug

FOLDER = "policies"

_PIECES = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;|[^"/;]+|.', re.DOTALL)
"""Comments and strings as wholes, so that a semicolon in one of them ends nothing."""


@dataclass(frozen=True)
class Statement:
    """One statement of a file.

    Attributes:
        file: the file from the repository's folder, as `config/policies/no-scans.cedar`.
        line: where the statement begins, from 1.
        number: its place in the file, from 1.
        text: the statement without the comments before it.
        comment: what those say.
    """

    file: str
    line: int
    number: int
    text: str
    comment: str

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.file}: line {self.line}"

    @property
    def policy(self) -> PolicyText:
        """The policy it becomes."""
        name = f"cedar_{Path(self.file).stem.replace('-', '_')}_{self.number}"
        description = self.comment or f"{self.file}, statement {self.number}"
        return PolicyText(name=name, statement=self.text, description=description)

    @cached_property
    def tree(self) -> pst.Template:
        """It, parsed.

        Raises:
            ValueError: it is no Cedar.
        """
        parsed = cedarpy.policies_to_pst(self.text)
        found = [*parsed.static_policies.values(), *parsed.templates.values()]
        if len(found) != 1:
            raise ValueError("it is no statement")
        return found[0]


def read_statements(config: Path, environment: str, environments: Collection[str]) -> tuple[list[Statement], list[str]]:
    """Every hand-written statement of `environment`, and a sentence for each file that cannot be read.

    Args:
        config: the folder `config/`.
        environment: its name.
        environments: the names of all.
    """
    folder = config / FOLDER
    found: list[Statement] = []
    mistakes = [
        f"{path.relative_to(config.parent)}: is not read: name the folder after an environment, one of "
        f"{', '.join(environments)}"
        for path in sorted(folder.glob("*/"))
        if path.is_dir() and path.name not in environments
    ]
    names: dict[str, str] = {}
    for file in [*sorted(folder.glob("*.cedar")), *sorted((folder / environment).glob("*.cedar"))]:
        label = str(file.relative_to(config.parent))
        mistake = _name_mistake(file)
        if file.stem in names:
            mistake = f"has the name of {names[file.stem]}, and policies go by it: rename one of the two"
        names[file.stem] = label
        try:
            statements = list(_statements(label, file.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            mistake, statements = "is no UTF-8 text: save it as UTF-8", []
        if mistake:
            mistakes.append(f"{label}: {mistake}")
        found += statements
    return found, mistakes


def _name_mistake(file: Path) -> str | None:
    try:
        TypeAdapter(Slug).validate_python(file.stem)
    except ValidationError:
        words = IN_WORDS[TypeAdapter(Slug).json_schema()["pattern"]]
        return f"{file.stem!r} cannot be part of a policy's name: rename the file, with {words}, 32 at most"
    return None


def _statements(label: str, content: str) -> Iterator[Statement]:
    """The statements of a file; what follows the last semicolon is one too, so that Cedar can say what it lacks."""
    line, number, start = 1, 1, 1
    pending: list[str] = []
    comments: list[str] = []
    for piece in (match.group() for match in _PIECES.finditer(content)):
        blank = not "".join(pending).strip()
        if blank and piece.startswith("//"):
            comments.append(piece.removeprefix("//").strip())
        elif not (blank and not piece.strip()):
            if blank:
                start = line + piece[: len(piece) - len(piece.lstrip())].count("\n")
            pending.append(piece)
        elif piece.count("\n") > 1:
            comments.clear()  # of the file, since a blank line parts them from the statement
        line += piece.count("\n")
        if piece == ";":
            yield Statement(label, start, number, "".join(pending).strip(), " ".join(comments))
            number, pending, comments = number + 1, [], []
    if "".join(pending).strip():
        yield Statement(label, start, number, "".join(pending).strip(), " ".join(comments))
