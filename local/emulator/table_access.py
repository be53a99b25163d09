"""What IAM is told of a request for items of a table, and the table's own policy.

ministack knows neither: without `dynamodb:LeadingKeys` no policy can tell tenants' items apart, and the policy of a
table is kept and decides nothing
(docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html and rbac-intro.html there).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import dynamodb

from local.emulator.patching import replace
from local.emulator.settings import ACCOUNT

Members = Mapping[str, Any]
_LEADING_KEYS = "dynamodb:LeadingKeys"


def install() -> None:
    """Tell IAM the partition keys of requests, and ask tables' policies, from now on."""
    original = iam_actions.dynamodb_service_context

    def dynamodb_service_context(body: bytes) -> dict[str, Any]:
        context: dict[str, Any] = original(body)
        keys = leading_keys(body)
        return {**context, _LEADING_KEYS: keys} if keys else context

    replace(original, dynamodb_service_context)
    iam_evaluator._RESOURCE_POLICY_LOOKUPS["dynamodb"] = ("dynamodb", "table_policy_for_arn")
    dynamodb.table_policy_for_arn = _table_policy_for_arn


def leading_keys(body: bytes) -> list[str]:
    """The partition keys that a request for items names: the index's in a query of an index; none for a Scan.

    A PartiQL statement is not read: to policies it names none, so that what they ask a key of is refused.
    """
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return []
    if not isinstance(data, dict):
        return []
    found = (_value(key) for key in _keys(data))
    return sorted({value for value in found if value is not None})


def _keys(data: Members) -> Iterator[Any]:
    """The values of partition keys, as the request writes them."""
    for member in data.get("TransactItems") or ():
        for operation in member.values():
            yield from _keys_of_one(operation)
    for name, requests in (data.get("RequestItems") or {}).items():
        listed = requests if isinstance(requests, list) else [{"Get": {"Key": key}} for key in requests.get("Keys", ())]
        for request in listed:
            for operation in request.values():
                yield from _keys_of_one({**operation, "TableName": name})
    if "TableName" in data:
        yield from _keys_of_one(data)
        yield _queried(data)


def _keys_of_one(operation: Members) -> Iterator[Any]:
    """The partition key of an operation on one item, a key condition's part of a query left out."""
    table = _table(operation)
    if table is not None:
        for member in ("Key", "Item"):
            yield (operation.get(member) or {}).get(table["pk_name"])


def _queried(data: Members) -> Any:
    """The partition key that a Query asks for."""
    table = _table(data)
    if table is None:
        return None
    name, _, _ = dynamodb._resolve_index_keys(table, data.get("IndexName"))
    values, names = data.get("ExpressionAttributeValues") or {}, data.get("ExpressionAttributeNames") or {}
    return dynamodb._key_condition_av(
        data.get("KeyConditionExpression"), data.get("KeyConditions"), values, names, name
    )


def _table(operation: Members) -> Any:
    return dynamodb._tables.get(dynamodb._normalize_table_name(operation.get("TableName")))


def _value(attribute: Any) -> str | None:
    """The text of a key: a string, a number's or a binary's."""
    return str(next(iter(attribute.values()))) if isinstance(attribute, dict) and attribute else None


def _table_policy_for_arn(arn: str) -> tuple[Any, str] | None:
    """The policy of a table, for the table itself and its indexes, and its owner."""
    entry = dynamodb._resource_policies.get(arn.partition("/index/")[0])
    return None if entry is None else (entry["Policy"], ACCOUNT)
