"""What the interceptors have to know of tools: the content of their `catalogue.json` (R7, R8)."""

from __future__ import annotations

from typing import Any

from stacks.settings.access.offer import Offer


def catalogue(offer: Offer) -> dict[str, Any]:
    """How sensitive each tool's answers are, and which of its arguments must not be recorded; by name."""
    return {
        "targets": {name: {"classification": target.classification} for name, target in sorted(offer.targets.items())},
        "tools": {
            name: {"classification": tool.classification, "sensitive": sorted(tool.sensitive)}
            for name, _, tool in offer.full_names()
        },
    }
