"""DynamoDB: a table with an index, expiry, a backup, and orders of one customer."""

from __future__ import annotations

from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

TABLE = "acme-orders"


def fill(client: Clients, account: Account) -> Made:
    dynamodb = client("dynamodb")
    types = {"customer": "S", "number": "N", "state": "S"}
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        KeySchema=_key("customer", "number"),
        GlobalSecondaryIndexes=[
            {"IndexName": "by-state", "KeySchema": _key("state", "number"), "Projection": {"ProjectionType": "ALL"}}
        ],
        Tags=[{"Key": "owner", "Value": "acme"}],
    )
    dynamodb.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "forget_at"}
    )
    for number in range(1, 4):
        dynamodb.put_item(
            TableName=TABLE,
            Item={
                "customer": {"S": "c-17"},
                "number": {"N": str(number)},
                "state": {"S": "paid" if number < 3 else "open"},
                "lines": {"L": [{"M": {"article": {"S": f"article-{number}"}, "price": {"N": "9.95"}}}]},
            },
        )
    dynamodb.create_backup(TableName=TABLE, BackupName="before-release")
    return {}


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def calls(made: Made) -> Sequence[Call]:
    table, customer = {"table": TABLE}, {"customer": "c-17"}
    later = {"sort_operator": ">", "sort_values": ["1"]}
    return [
        Call(operation="list_tables", finds=TABLE),
        Call(operation="describe_table", arguments=table, finds="forget_at"),
        Call(operation="get_item", arguments={**table, "key": {**customer, "number": "2"}}, finds="article-2"),
        Call(operation="query", arguments={**table, "key": customer, **later}, finds="article-3", hides=["article-1"]),
        Call(
            operation="query",
            arguments={**table, "index": "by-state", "key": {"state": "open"}},
            finds="article-3",
            hides=["article-1"],
        ),
        Call(operation="scan", arguments={**table, "attributes": ["state"]}, finds="open", hides=["article"]),
        Call(operation="scan", arguments={**table, "index": "by-state"}, finds="article-1"),
        Call(operation="list_backups", arguments={"table_name": TABLE}, finds="before-release"),
        Call(operation="describe_limits", finds="account_read_units"),
    ]


SCENARIO = Scenario(server="aws-data", tool="dynamodb_read_operations", fill=fill, calls=calls)
