"""What the families' answers have in common."""

from collections.abc import Iterable, Mapping
from typing import Any


def tags(entries: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """AWS's list of tags as an object; services write the members with either capital."""
    return {str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in entries or ()}
