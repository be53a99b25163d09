"""Items are read by keys of every type and page by page, and a key that cannot be is refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aws_operations.data.handler import server
from tests.scenarios.dynamodb import TABLE, fill
from tests.unit.lambda_calls import call, refusal
from toolkit.aws import _client

CUSTOMER = {"customer": "c-17"}


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
            patch.setenv(name, "us-east-1")
        _client.cache_clear()
        fill(lambda service: boto3.client(service, "us-east-1"), "moto")  # type: ignore[call-overload]
        yield
    _client.cache_clear()


def read(operation: str, **arguments: Any) -> Any:
    return call(server, "dynamodb_read_operations", {"operation": operation, "table": TABLE, **arguments})


@pytest.mark.parametrize("operation", ["query", "scan"])
def test_items_are_read_page_by_page(operation: str) -> None:
    arguments: dict[str, Any] = {"page_size": 2} | ({"key": CUSTOMER} if operation == "query" else {})
    numbers: list[int] = []
    while arguments.get("page_token", "") is not None:
        page = read(operation, **arguments)
        numbers += [item["number"] for item in page["items"]]
        arguments["page_token"] = page["next_page_token"]
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize(
    ("operator", "values", "numbers"),
    [
        ("<", ["2"], [1]),
        ("<=", ["2"], [1, 2]),
        (">", ["2"], [3]),
        (">=", ["2"], [2, 3]),
        ("between", ["2", "3"], [2, 3]),
    ],
)
def test_the_sort_key_narrows_a_query(operator: str, values: list[str], numbers: list[int]) -> None:
    page = read("query", key=CUSTOMER, sort_operator=operator, sort_values=values)
    assert [item["number"] for item in page["items"]] == numbers


def test_the_newest_items_come_first_when_asked_for() -> None:
    page = read("query", key=CUSTOMER, newest_first=True, page_size=1)
    assert [item["number"] for item in page["items"]] == [3]


def test_values_come_without_their_types_and_names_may_be_reserved_words() -> None:
    dynamodb = boto3.client("dynamodb", "us-east-1")
    key = {"customer": {"S": "c-18"}, "number": {"N": "1"}}
    values: dict[str, Any] = {"name": {"B": b"\x00\x01"}, "size": {"NULL": True}, "user": {"NS": ["1.5", "2"]}}
    dynamodb.put_item(TableName=TABLE, Item={**key, **values, "left_out": {"BOOL": True}})
    found = read("get_item", key={"customer": "c-18", "number": "1"}, attributes=["name", "size", "user"])["item"]
    assert found | {"user": sorted(found["user"])} == {"name": "AAE=", "size": None, "user": [1.5, 2]}
    dynamodb.delete_item(TableName=TABLE, Key=key)


def test_an_item_that_is_not_there_is_null() -> None:
    assert read("get_item", key={"customer": "nobody", "number": "1"}) == {"item": None}


def test_binary_keys_are_written_in_base64_and_survive_paging() -> None:
    dynamodb = boto3.client("dynamodb", "us-east-1")
    dynamodb.create_table(
        TableName="acme-devices",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "device", "AttributeType": "B"}],
        KeySchema=[{"AttributeName": "device", "KeyType": "HASH"}],
    )
    for device in (b"\x01", b"\x02"):
        dynamodb.put_item(TableName="acme-devices", Item={"device": {"B": device}})
    first = read("scan", table="acme-devices", page_size=1)
    second = read("scan", table="acme-devices", page_size=1, page_token=first["next_page_token"])
    assert {first["items"][0]["device"], second["items"][0]["device"]} == {"AQ==", "Ag=="}
    assert read("get_item", table="acme-devices", key={"device": "Ag=="}) == {"item": {"device": "Ag=="}}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"operation": "get_item", "key": CUSTOMER}, "key has to give customer and number"),
        ({"operation": "get_item", "key": {**CUSTOMER, "number": "two"}}, "number is 'two' and has to be a number"),
        ({"operation": "query", "key": {"number": "1"}}, "key has to begin with customer"),
        ({"operation": "query", "key": {}}, "key has to begin with customer"),
        ({"operation": "query", "key": {**CUSTOMER, "a": "1", "b": "2"}}, "customer, number at most"),
        ({"operation": "query", "key": CUSTOMER, "index": "by-color"}, "give one of by-state"),
        ({"operation": "query", "key": CUSTOMER, "sort_operator": "between", "sort_values": ["1"]}, "needs 2 values"),
        ({"operation": "query", "key": CUSTOMER, "sort_values": ["1"]}, "sort_values needs sort_operator"),
        (
            {"operation": "query", "key": {**CUSTOMER, "number": "1"}, "sort_operator": "<", "sort_values": ["1"]},
            "leaves no sort key",
        ),
        ({"operation": "scan", "page_token": "none"}, "page_token is none of this operation's"),
        ({"operation": "scan", "page_token": "[1]"}, "page_token is none of this operation's"),
        ({"operation": "scan", "page_token": '{"number": 1}'}, "page_token is none of this operation's"),
        ({"operation": "scan", "page_size": 101}, "page_size must be from 1 to 100"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(arguments: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(read(**arguments))
