"""Keys, values and pages of DynamoDB as a caller writes them and as its API takes them.

A caller gives key values as text; which type they have, the table says. Values come with their type
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html) and go on without it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from toolkit import Page, ToolError

Item = Mapping[str, Any]
SortOperator = Literal["<", "<=", ">", ">=", "begins_with", "between"]


def key_condition(
    known: Item, index: str, key: Mapping[str, str], operator: SortOperator | None, values: list[str]
) -> dict[str, Any]:
    """The members of a Query that choose its items.

    Args:
        known: The table, as DescribeTable gives it.
        index: The index to read, or the empty string for the table.
        key: Key attributes to the values that they must equal.
        operator: How the key's next attribute compares with `values`, or None for any value.
        values: What it is compared with.

    Raises:
        ToolError: The attributes do not begin the key, or the comparison has too few or many values.
    """
    wanted = key_attributes(known, index)
    names = wanted[: len(key)]
    if not key or set(key) != set(names):
        text = f"key has to begin with {wanted[0]}, and has {', '.join(wanted)} at most"
        raise ToolError(text, code="invalid_arguments")
    parts = [f"#k{position} = :k{position}" for position in range(len(names))]
    operands = [_typed(name, key[name], known) for name in names]
    if operator:
        if len(names) == len(wanted):
            raise ToolError("key leaves no sort key for sort_operator to compare", code="invalid_arguments")
        parts.append(_comparison(operator, len(names), values))
        names = wanted[: len(key) + 1]
        operands += [_typed(names[-1], value, known) for value in values]
    elif values:
        raise ToolError("sort_values needs sort_operator", code="invalid_arguments")
    return {
        "KeyConditionExpression": " AND ".join(parts),
        "ExpressionAttributeNames": {f"#k{position}": name for position, name in enumerate(names)},
        "ExpressionAttributeValues": {f":k{position}": value for position, value in enumerate(operands)},
    }


def _comparison(operator: SortOperator, position: int, values: list[str]) -> str:
    """The condition on the key's attribute at `position`, with the values from there on."""
    wanted = 2 if operator == "between" else 1
    if len(values) != wanted:
        needed = f"{wanted} {'values' if wanted > 1 else 'value'}"
        raise ToolError(f"sort_operator {operator} needs {needed} in sort_values", code="invalid_arguments")
    name, first, second = f"#k{position}", f":k{position}", f":k{position + 1}"
    if operator == "begins_with":
        return f"begins_with({name}, {first})"
    return f"{name} BETWEEN {first} AND {second}" if operator == "between" else f"{name} {operator} {first}"


def key_attributes(known: Item, index: str = "") -> list[str]:
    """The names of the attributes in the key of a table or one of its indexes, partition key first.

    Raises:
        ToolError: The table has no such index.
    """
    if not index:
        return key_names(known["KeySchema"])
    indexes = [*known.get("GlobalSecondaryIndexes", []), *known.get("LocalSecondaryIndexes", [])]
    by_name = {entry["IndexName"]: entry for entry in indexes}
    if index not in by_name:
        there = f"give one of {', '.join(by_name)}" if by_name else "it has none, leave index out"
        raise ToolError(f"{index!r} is no index of {known['TableName']}; {there}", code="invalid_arguments")
    return key_names(by_name[index]["KeySchema"])


def key_names(schema: list[Item]) -> list[str]:
    """The attributes of a key schema, those of the partition key first."""
    return [entry["AttributeName"] for entry in sorted(schema, key=lambda entry: entry["KeyType"] != "HASH")]


def attribute_types(known: Item) -> dict[str, str]:
    """The table's key attributes to S, N or B."""
    return {entry["AttributeName"]: entry["AttributeType"] for entry in known["AttributeDefinitions"]}


def typed_key(known: Item, key: Mapping[str, str]) -> dict[str, Any]:
    """A primary key as GetItem takes it.

    Raises:
        ToolError: It lacks an attribute, has another one, or a value is none of its type.
    """
    wanted = key_attributes(known)
    if set(key) != set(wanted):
        raise ToolError(f"key has to give {' and '.join(wanted)}, no more and no less", code="invalid_arguments")
    return {name: _typed(name, key[name], known) for name in wanted}


def _typed(name: str, value: str, known: Item) -> dict[str, Any]:
    kind = attribute_types(known)[name]
    try:
        if kind == "N":
            return {"N": format(Decimal(value), "f")}
        return {"B": base64.b64decode(value, validate=True)} if kind == "B" else {"S": value}
    except (InvalidOperation, ValueError, binascii.Error):
        form = "a number" if kind == "N" else "in base64"
        raise ToolError(f"{name} is {value!r} and has to be {form}", code="invalid_arguments") from None


def plain(value: Item) -> Any:
    """An attribute value without its type: sets become lists, and numbers decimals."""
    ((kind, content),) = value.items()
    if kind == "M":
        return {name: plain(member) for name, member in content.items()}
    if kind == "L":
        return [plain(member) for member in content]
    if kind in ("SS", "BS"):
        return list(content)
    if kind in ("N", "NS"):
        return Decimal(content) if kind == "N" else [Decimal(number) for number in content]
    return None if kind == "NULL" else content


def page_token(last: Item | None) -> str | None:
    """The token for the page after the one that ended with this key; None after the last page."""
    return json.dumps(last, default=lambda data: base64.b64encode(data).decode()) if last else None


def page_members(page: Page) -> dict[str, Any]:
    """The members of a Query or Scan that ask for a page of at most 100 items.

    Raises:
        ToolError: The token or size is none of these operations'.
    """
    request = page.request("Limit", "ExclusiveStartKey")
    if page.token:
        try:
            last: dict[str, dict[str, Any]] = json.loads(page.token)
            request["ExclusiveStartKey"] = {name: _read_back(value) for name, value in last.items()}
        except (ValueError, AttributeError, TypeError):
            raise ToolError(
                "page_token is none of this operation's; give next_page_token as it came", code="invalid_arguments"
            ) from None
    return request


def _read_back(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64decode(value["B"])} if "B" in value else value
