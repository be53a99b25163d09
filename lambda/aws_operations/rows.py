"""What the families' answers have in common."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit


def tags(entries: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """AWS's list of tags as an object; services write the members with either capital."""
    return {str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in entries or ()}


def without_credentials(address: str | None) -> str | None:
    """A URL without what may be credentials: user, password, query, fragment. An ARN, or None, stays as it is."""
    if address is None or "://" not in address:
        return address
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
