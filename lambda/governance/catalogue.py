"""What each tool is classified as: `catalogue.json` at the bundle's root, which the synthesis writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from governance.message import SEPARATOR
from governance.settings import SettingsError

FILE = Path(__file__).parents[1] / "catalogue.json"

DEFAULT = "internal"
"""Of what nobody classified."""


@dataclass(frozen=True)
class Catalogue:
    """Classifications and sensitive arguments.

    Attributes:
        tools: By `<target>___<tool>`: `classification`, and `sensitive`, names of arguments.
        targets: By target: `classification` of what its tools do not say.
    """

    tools: Mapping[str, Any]
    targets: Mapping[str, Any]

    @classmethod
    def from_bundle(cls, file: Path | None = None) -> Self:
        """The catalogue of this bundle.

        Raises:
            SettingsError: There is none, or it has another form.
        """
        try:
            form = json.loads((file or FILE).read_text(encoding="utf-8"))
            return cls(form["tools"], form["targets"])
        except (OSError, ValueError, KeyError, TypeError):
            raise SettingsError(f"{FILE.name} is missing or has other members than tools and targets") from None

    def classification(self, tool: str | None) -> str:
        """How much a tool's answers give away."""
        if tool is None:
            return DEFAULT
        target = self.targets.get(tool.partition(SEPARATOR)[0], {})
        found = self.tools.get(tool, {}).get("classification") or target.get("classification")
        return str(found or DEFAULT)

    @cached_property
    def known_targets(self) -> frozenset[str]:
        """The targets; a metric's dimension is one of these, and not whatever a caller writes."""
        return frozenset({*self.targets, *(tool.partition(SEPARATOR)[0] for tool in self.tools)})

    def sensitive(self, tool: str | None) -> frozenset[str]:
        """Arguments of a tool whose sizes no record holds either."""
        return frozenset(self.tools.get(tool or "", {}).get("sensitive", ()))
