"""Resources of one kind: kept by id, found or refused, listed in pages."""

from __future__ import annotations

import datetime
import secrets
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.emulator.agentcore.errors import invalid, not_found

Record = dict[str, Any]

_ID_CHARACTERS = string.ascii_lowercase + string.digits


class Collection:
    """The resources of one kind that one owner has, in the order in which they were created."""

    def __init__(self, noun: str) -> None:
        """`noun` names the kind in messages."""
        self._noun = noun
        self._records: dict[str, Record] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._records

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def get(self, identifier: str) -> Record:
        """The record. Raises ResourceNotFoundException."""
        if identifier not in self._records:
            raise not_found(f"{self._noun} with identifier {identifier} does not exist")
        return self._records[identifier]

    def put(self, identifier: str, record: Record) -> None:
        """Keep a record under its id, in the place of an earlier one.

        Other threads read meanwhile: a record that is kept is replaced, never emptied.
        """
        self._records[identifier] = record

    def remove(self, identifier: str) -> None:
        """Forget a record. Raises ResourceNotFoundException."""
        self.get(identifier)
        del self._records[identifier]

    def copy(self) -> Collection:
        """The same records in a collection of their own."""
        other = Collection(self._noun)
        other._records = dict(self._records)
        return other

    def page(
        self,
        request: Mapping[str, Any],
        *,
        called: str = "items",
        among: Callable[[Record], bool] = lambda _: True,
    ) -> Record:
        """A page of the records `among` those that are asked for, `called` as the answer names it, and `nextToken`.

        The list request has `maxResults` and `nextToken`.
        """
        token = request.get("nextToken", "0")
        if not token.isdecimal():
            raise invalid(f"Value '{token}' at 'nextToken' is not a token of this list")
        records = [record for record in self if among(record)]
        start, size = int(token), request.get("maxResults", 100)
        page: Record = {called: records[start : start + size]}
        if start + size < len(records):
            page["nextToken"] = str(start + size)
        return page


def new_suffix() -> str:
    """Ten characters as AgentCore ends its identifiers with."""
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(10))


def now() -> datetime.datetime:
    """The time for a record's createdAt and updatedAt."""
    return datetime.datetime.now(datetime.UTC)
