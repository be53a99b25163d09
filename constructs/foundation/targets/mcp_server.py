"""An MCP server by its URL, as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from foundation.targets.interface import BoundKind, Surroundings


@dataclass(frozen=True, kw_only=True)
class McpServer:
    """An MCP server somewhere else.

    Attributes:
        url: where it speaks MCP, https.
        listing: whether the gateway keeps the list of its tools (DEFAULT) or asks for it each time (DYNAMIC).
    """

    url: str
    listing: Literal["DEFAULT", "DYNAMIC"] = "DEFAULT"

    def bind(self, _at: Surroundings, /) -> BoundKind:
        """Nothing has to be made."""
        return BoundKind(configuration={"mcpServer": {"endpoint": self.url, "listingMode": self.listing}})
