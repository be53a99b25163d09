"""The table: what the store asks of DynamoDB, in plain Python values."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from conversations.errors import StoreBusyError

if TYPE_CHECKING:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
    from types_boto3_dynamodb import DynamoDBClient

INDEX = "by-owner"
"""The index that lists conversations by owner."""

TRANSACTION_ITEMS = 100
TRANSACTION_BYTES = 2_500_000
"""Of bodies in one transaction. DynamoDB takes 4 MB; they travel as base64, which makes four bytes of three
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html)."""

_BATCH_ITEMS = 25
_TRIES = 8
_FIRST_PAUSE_SECONDS = 0.025
_TO_TRY_AGAIN = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

Values = Mapping[str, Any]


@cache
def _types() -> tuple[TypeSerializer, TypeDeserializer]:
    """boto3's conversions; they bring all of boto3 along, for which a service's start need not wait."""
    from boto3.dynamodb import types  # noqa: PLC0415

    return types.TypeSerializer(), types.TypeDeserializer()


class ConditionFailedError(Exception):
    """A condition of a write did not hold; nothing was written."""


def conversations_client(**options: Any) -> DynamoDBClient:
    """A client with the timeouts and retries that the store counts on, to be kept for the life of the process.

    Throttled and broken requests are repeated by botocore with exponential backoff and jitter, five times in all
    (https://docs.aws.amazon.com/boto3/latest/guide/retries.html).

    Args:
        options: for boto3, such as endpoint_url.
    """
    import boto3  # noqa: PLC0415 - a caller with a client of its own needs none
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 5},
        max_pool_connections=20,
    )
    return boto3.client("dynamodb", config=config, **options)


class Table:
    """One table.

    Args:
        client: a DynamoDB client.
        name: the table's name.
        sleep: waits for some seconds between tries.
    """

    def __init__(self, client: DynamoDBClient, name: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, partition: str, item: str) -> dict[str, Any] | None:
        """An item as it is now."""
        answer = self._client.get_item(TableName=self._name, Key=_key(partition, item), ConsistentRead=True)
        found = answer.get("Item")
        return None if found is None else _plain(found)

    def query(
        self, partition: str, low: str, high: str, *, newest_first: bool = False, page: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Items of a partition from `low` to `high`, as they are now.

        One Query, which DynamoDB answers in pages of at most 1 MB; they are asked for as the items are used.
        """
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "conversation_id = :partition AND #item BETWEEN :low AND :high",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": attributes({":partition": partition, ":low": low, ":high": high}),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            **({"Limit": page} if page else {}),
        }
        while True:
            answer = self._client.query(**request)
            yield from map(_plain, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def query_owner(
        self, owner: str, *, agent: str, now: int, limit: int, start: Values | None
    ) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """Heads of an owner's conversations that have not expired, newest use first, and where to go on.

        The index follows the table within moments (eventually consistent), and may give fewer than `limit`.

        Conversations of another agent, or another tenant, are left out whatever owner they name. IAM holds a writer to
        the partition keys of the table; `owner`, the index's, is an attribute like any other to it, so that a role may
        put items of its own into anybody's list.

        Args:
            owner: the owner's key.
            agent: what the partition keys of the owner's agent begin with.
            now: epoch seconds.
            limit: of how many items at most.
            start: where to go on.
        """
        answer = self._client.query(
            TableName=self._name,
            IndexName=INDEX,
            KeyConditionExpression="#owner = :owner",
            FilterExpression="#ttl > :now",
            ExpressionAttributeNames={"#owner": "owner", "#ttl": "ttl"},
            ExpressionAttributeValues=attributes({":owner": owner, ":now": now}),
            ScanIndexForward=False,
            Limit=limit,
            **({"ExclusiveStartKey": attributes(start)} if start else {}),  # type: ignore[arg-type]
        )
        more = answer.get("LastEvaluatedKey")
        found = [_plain(item) for item in answer["Items"]]
        kept = [item for item in found if item["conversation_id"].startswith(agent)]
        return kept, None if more is None else _plain(more)

    def put(self, item: Values, *, unless_there: bool = False) -> dict[str, Any]:
        """A part of a transaction that writes an item; `unless_there` makes it fail when its key is taken."""
        condition = {"ConditionExpression": "attribute_not_exists(conversation_id)"} if unless_there else {}
        return {"Put": {"TableName": self._name, "Item": attributes(item), **condition}}

    def update(
        self, partition: str, item: str, *, when: Values, values: Values, remove: Sequence[str] = ()
    ) -> dict[str, Any]:
        """A part of a transaction that changes attributes of an item.

        Args:
            partition: the item's partition key.
            item: its sort key.
            when: values that attributes must have, by path such as `turn.token`.
            values: new values, by path.
            remove: paths to remove.
        """
        paths = {path: ".".join(f"#{name}" for name in path.split(".")) for path in (*when, *values, *remove)}
        expected = {f":when{number}": value for number, value in enumerate(when.values())}
        changed = {f":set{number}": value for number, value in enumerate(values.values())}
        condition = [f"{paths[path]} = {place}" for path, place in zip(when, expected, strict=True)]
        changes = [f"{paths[path]} = {place}" for path, place in zip(values, changed, strict=True)]
        removal = f" REMOVE {', '.join(paths[path] for path in remove)}" if remove else ""
        return {
            "Update": {
                "TableName": self._name,
                "Key": _key(partition, item),
                "UpdateExpression": f"SET {', '.join(changes)}{removal}",
                "ConditionExpression": " AND ".join(condition),
                "ExpressionAttributeNames": {f"#{name}": name for path in paths for name in path.split(".")},
                "ExpressionAttributeValues": attributes({**expected, **changed}),
            }
        }

    def transact(self, *parts: Any) -> None:
        """Write all parts or none.

        Also used for a single write: botocore gives each transaction a token, so that one that is repeated because its
        answer got lost is not refused by the condition that its first try has changed.

        Raises:
            ConditionFailedError: A condition did not hold.
            StoreBusyError: Others kept writing to the same items, or DynamoDB kept throttling.
        """
        for _ in self._tries():
            try:
                self._client.transact_write_items(TransactItems=list(parts))
            except ClientError as error:
                reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())}
                if "ConditionalCheckFailed" in reasons:
                    raise ConditionFailedError from error
                if not reasons & _TO_TRY_AGAIN:
                    raise
            else:
                return

    def delete(self, partition: str, items: Sequence[str]) -> None:
        """Delete items of a partition; those that are gone already do not matter.

        Raises:
            StoreBusyError: DynamoDB kept throttling.
        """
        for begin in range(0, len(items), _BATCH_ITEMS):
            batch: Any = [
                {"DeleteRequest": {"Key": _key(partition, item)}} for item in items[begin : begin + _BATCH_ITEMS]
            ]
            for _ in self._tries():
                answer = self._client.batch_write_item(RequestItems={self._name: batch})
                batch = answer.get("UnprocessedItems", {}).get(self._name)
                if not batch:
                    break

    def _tries(self) -> Iterator[None]:
        """One item for each try, with growing pauses between them.

        Raises:
            StoreBusyError: None of them did it.
        """
        for number in range(_TRIES):
            if number:
                self._sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**number))  # noqa: S311 - no secret
            yield
        raise StoreBusyError


def attributes(values: Values) -> dict[str, Any]:
    """Plain values as DynamoDB's."""
    return {name: _types()[0].serialize(value) for name, value in values.items()}


def _key(partition: str, item: str) -> dict[str, Any]:
    return attributes({"conversation_id": partition, "item": item})


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB's values as plain ones; numbers stay decimal, binary is bytes."""
    found = {name: _types()[1].deserialize(value) for name, value in item.items()}
    return {name: bytes(value) if hasattr(value, "__bytes__") else value for name, value in found.items()}
