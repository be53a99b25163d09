"""What is kept of a request that was answered, so that its retry is given the answer: one item, as long as its turn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversations import keys
from conversations.model import TurnStatus
from conversations.table import Table


@dataclass(frozen=True, kw_only=True)
class Record:
    """An answered request: the digest of its message, which messages are its turn, how it ended, and who wrote it."""

    request_id: str
    digest: str
    first: int
    last: int
    status: TurnStatus
    token: str
    usage: dict[str, Any]

    def item(self, partition: str, *, ttl: int) -> dict[str, Any]:
        """As an item of the conversation."""
        return {
            "conversation_id": partition,
            "item": keys.request(self.request_id),
            "digest": self.digest,
            "first": self.first,
            "last": self.last,
            "status": self.status,
            "token": self.token,
            "usage": json.dumps(self.usage),
            "ttl": ttl,
        }


def find(table: Table, partition: str, request_id: str) -> Record | None:
    """What is known of a request, None when it was not answered."""
    item = table.get(partition, keys.request(request_id))
    return None if item is None else _record(request_id, item)


def _record(request_id: str, item: Mapping[str, Any]) -> Record:
    return Record(
        request_id=request_id,
        digest=item["digest"],
        first=int(item["first"]),
        last=int(item["last"]),
        status=item["status"],
        token=item["token"],
        usage=json.loads(item["usage"]),
    )
