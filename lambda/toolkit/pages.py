"""One page of a long list, as the caller asks for it and as AWS takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolkit.errors import ToolError

DEFAULT_SIZE = 100
"""Items of a page when the caller does not say, as far as the service gives so many."""


@dataclass(frozen=True)
class Page:
    """A page that a caller asks for; an operation gets it by annotating a parameter with it.

    Attributes:
        size: How many items at most, or None.
        token: `next_page_token` of the page before, or None for the first page.
    """

    size: int | None = None
    token: str | None = None

    def request(self, size: str | None, token: str | None, *, least: int = 1, most: int = 100) -> dict[str, Any]:
        """The members that ask AWS for this page.

        Args:
            size: The request's member for the number of items, or None when the service takes none.
            token: Its member for the token, or None when the service has no further pages.
            least: The smallest number it takes.
            most: The largest.

        Raises:
            ToolError: The caller's number is outside the range, or the service takes no number or token.
        """
        members: dict[str, Any] = {}
        if size is not None:
            members[size] = self.within(least=least, most=most)
        elif self.size is not None:
            raise ToolError("this operation does not take page_size; AWS chooses it", code="invalid_arguments")
        if self.token:
            if token is None:
                raise ToolError("this operation has one page and takes no page_token", code="invalid_arguments")
            members[token] = self.token
        return members

    def within(self, *, least: int = 1, most: int = 100) -> int:
        """The number of items, when it is in the range; the default, or the most, when the caller does not say.

        Raises:
            ToolError: It is outside the range.
        """
        size = min(DEFAULT_SIZE, most) if self.size is None else self.size
        if not least <= size <= most:
            raise ToolError(f"page_size must be from {least} to {most}, not {size}", code="invalid_arguments")
        return size

    def slice(self, items: list[Any], *, most: int = 1000) -> dict[str, Any]:
        """A page of a list that AWS gives as a whole: `{"items": …, "next_page_token": …}`; the token is a position.

        Raises:
            ToolError: The number or the token is not one of this list's.
        """
        size = self.within(most=most)
        if self.token and not (self.token.isdecimal() and int(self.token) <= len(items)):
            raise ToolError(f"page_token {self.token!r} is none of this list's", code="invalid_arguments")
        start = int(self.token or 0)
        end = start + size
        return {"items": items[start:end], "next_page_token": str(end) if end < len(items) else None}
