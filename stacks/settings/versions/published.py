"""Published versions of tool servers: `versions/<server>/<version>.json`, written once and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from stacks.settings.versions.bumps import parse
from toolkit.contract import Contract, Taken
from toolkit.spec import ServerSpec, ToolSpec

FOLDER = "versions"
"""Folder of the project that holds them."""


class PublishedError(Exception):
    """A file of published versions cannot be used; the message is a sentence with the file and the way out."""


@dataclass(frozen=True)
class PublishedTool:
    """What callers of a published tool rely on."""

    description: str
    contract: Contract

    @classmethod
    def of(cls, spec: ToolSpec) -> Self:
        """What is published of a tool that is declared in Python."""
        if spec.contract is None:
            raise ValueError(f"{spec.name} has no contract; only tools that are declared in Python are published")
        return cls(spec.description, spec.contract)

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Self:
        """The tool of its form in the file."""
        operations = {
            name: Taken(tuple(taken["needs"]), tuple(taken["takes"]))
            for name, taken in form.get("operations", {}).items()
        }
        return cls(form["description"], Contract(form["arguments"], form["answer"], operations))

    def as_json(self) -> dict[str, Any]:
        """The tool's form in the file."""
        operations = {
            name: {"needs": list(taken.needs), "takes": list(taken.takes)}
            for name, taken in self.contract.operations.items()
        }
        return {
            "description": self.description,
            "arguments": self.contract.arguments,
            "answer": self.contract.answer,
            **({"operations": operations} if operations else {}),
        }


@dataclass(frozen=True)
class Published:
    """One version of a tool server as callers know it.

    Attributes:
        server: the server's name.
        version: its semantic version.
        tools: its tools by name.
    """

    server: str
    version: str
    tools: Mapping[str, PublishedTool]

    @classmethod
    def of(cls, spec: ServerSpec) -> Self:
        """What would be published of a server as its code is now."""
        return cls(spec.name, spec.version, {tool.name: PublishedTool.of(tool) for tool in spec.tools})

    @classmethod
    def read(cls, file: Path) -> Self:
        """The version that `file` holds.

        Raises:
            PublishedError: the file is no published version, or not the one that its place says.
        """
        label = f"{FOLDER}/{file.parent.name}/{file.name}"
        way_out = "restore it from version control"
        try:
            form = json.loads(file.read_text(encoding="utf-8"))
            tools = {name: PublishedTool.from_json(tool) for name, tool in form["tools"].items()}
            published = cls(form["server"], form["version"], tools)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PublishedError(f"{label}: is no published version ({error!r}): {way_out}") from None
        if (published.server, published.version) != (file.parent.name, file.stem):
            raise PublishedError(f"{label}: holds {published.server} {published.version}: {way_out}")
        return published

    def text(self) -> str:
        """The file's text: the same for the same version, one member a line."""
        tools = {name: tool.as_json() for name, tool in sorted(self.tools.items())}
        form = {"server": self.server, "version": self.version, "tools": tools}
        return json.dumps(form, indent=2, ensure_ascii=False) + "\n"


def file_of(published: Published, *, root: Path) -> Path:
    """Where a version is published, below the project's folder `root`."""
    return root / FOLDER / published.server / f"{published.version}.json"


def published_servers(root: Path) -> list[str]:
    """The servers that have published versions, sorted."""
    return sorted({file.parent.name for file in (root / FOLDER).glob("*/*.json")})


def published_versions(server: str, *, root: Path) -> list[Published]:
    """The published versions of a server, the oldest first.

    Raises:
        PublishedError: a file among them is none.
    """
    files = (root / FOLDER / server).glob("*.json")
    return sorted((Published.read(file) for file in files), key=lambda version: parse(version.version))
