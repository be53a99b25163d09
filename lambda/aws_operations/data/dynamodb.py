"""Reads DynamoDB: tables, their settings and backups, and items by key or a page at a time.

Query and Scan are granted on tables and on indexes, because a policy on a table does not reach its indexes:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html. ListTables, ListBackups and
DescribeLimits take no resource in IAM:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html

The role may read the items of every table of the account that does not refuse it. Two kinds do: tables under a
customer-managed KMS key, for which a reader also needs kms:Decrypt
(https://repost.aws/knowledge-center/dynamodb-access-denied-exception), and tables whose own policy denies it. The
platform's conversations are kept in a table of both kinds: it denies every request for an item to a principal that is
not tagged with the item's tenant (docs/decisions/who-reads-a-secret.md), and this role is tagged with none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_operations.data.dynamodb_keys import (
    SortOperator,
    attribute_types,
    key_condition,
    key_names,
    page_members,
    page_token,
    plain,
    typed_key,
)
from aws_operations.data.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, given

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]

dynamodb = server.family(
    "dynamodb_read_operations",
    "Read DynamoDB without changing anything: tables, their settings, backups and limits, and items by key or a page "
    "at a time. Reading items uses the read capacity of their table.",
    self_check={"operation": "list_tables", "page_size": 1},
    classification="confidential",  # items hold whatever an application keeps
    sensitive=["key", "sort_values"],
)


@dynamodb.operation(actions=["dynamodb:ListTables"])
def list_tables(aws: Aws, page: Page) -> Answer:
    """List the names of the region's tables."""
    client: DynamoDBClient = aws.client("dynamodb")
    found = client.list_tables(**page.request("Limit", "ExclusiveStartTableName"))
    return {"tables": found["TableNames"], "next_page_token": found.get("LastEvaluatedTableName")}


@dynamodb.operation(
    actions=[
        "dynamodb:DescribeTable on table",
        "dynamodb:DescribeTimeToLive on table",
        "dynamodb:DescribeContinuousBackups on table",
        "dynamodb:ListTagsOfResource on table",
    ]
)
def describe_table(aws: Aws, table: str) -> Answer:
    """Describe a table: state, keys, indexes, capacity, size, stream, encryption, expiry, point-in-time recovery, tags.

    Args:
        table: The table's name.
    """
    client: DynamoDBClient = aws.client("dynamodb")
    found = client.describe_table(TableName=table)["Table"]
    expiry = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery: Item = backups.get("PointInTimeRecoveryDescription", {})
    return {
        **_table(found),
        "expiry_attribute": expiry.get("AttributeName"),
        "expiry": expiry.get("TimeToLiveStatus"),
        "point_in_time_recovery": recovery.get("PointInTimeRecoveryStatus"),
        "earliest_restore": recovery.get("EarliestRestorableDateTime"),
        "latest_restore": recovery.get("LatestRestorableDateTime"),
        # The first page: a resource has at most 50 tags
        # (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html).
        "tags": tags(client.list_tags_of_resource(ResourceArn=found["TableArn"]).get("Tags")),
    }


@dynamodb.operation(actions=["dynamodb:GetItem on table", "dynamodb:DescribeTable on table"])
def get_item(aws: Aws, table: str, key: dict[str, str], attributes: list[str] | None = None) -> Answer:
    """Read one item by its whole primary key; null when there is none.

    Args:
        key: Key attributes to the values they must equal, such as {"customer": "c-17"}; numbers as text. Of a query,
            the partition key, and the sort key unless sort_operator is given.
        attributes: Only these attributes; all when left out.
    """
    client: DynamoDBClient = aws.client("dynamodb")
    known = client.describe_table(TableName=table)["Table"]
    found = client.get_item(TableName=table, Key=typed_key(known, key), **_projection(attributes))
    item = found.get("Item")
    return {"item": plain({"M": item}) if item else None}


@dynamodb.operation(actions=["dynamodb:Query on table", "dynamodb:Query on index", "dynamodb:DescribeTable on table"])
def query(
    aws: Aws,
    page: Page,
    table: str,
    key: dict[str, str],
    index: str = "",
    sort_operator: SortOperator | None = None,
    sort_values: list[str] | None = None,
    newest_first: bool = False,
    attributes: list[str] | None = None,
) -> Answer:
    """Read the items of one partition, in the order of the sort key, from a table or an index.

    Args:
        index: The index to read instead of the table.
        sort_operator: How the sort key compares with sort_values.
        sort_values: One value; two for between. Numbers as text.
        newest_first: From the highest sort key down.
    """
    client: DynamoDBClient = aws.client("dynamodb")
    known = client.describe_table(TableName=table)["Table"]
    members = key_condition(known, index, key, sort_operator, sort_values or [])
    projection = _projection(attributes)
    members["ExpressionAttributeNames"] |= projection.pop("ExpressionAttributeNames", {})
    found = client.query(
        TableName=table,
        ScanIndexForward=not newest_first,
        **members,
        **projection,
        **given(IndexName=index),
        **page_members(page),
    )
    return _items(found)


@dynamodb.operation(actions=["dynamodb:Scan on table", "dynamodb:Scan on index"])
def scan(aws: Aws, page: Page, table: str, index: str = "", attributes: list[str] | None = None) -> Answer:
    """Read a page of a table's or index's items in no particular order, at most 100; query is cheaper with a key."""
    client: DynamoDBClient = aws.client("dynamodb")
    found = client.scan(TableName=table, **_projection(attributes), **given(IndexName=index), **page_members(page))
    return _items(found)


@dynamodb.operation(actions=["dynamodb:ListBackups"])
def list_backups(aws: Aws, page: Page, table_name: str = "") -> Answer:
    """List on-demand backups: table, state, time, size.

    Args:
        table_name: Only the backups of this table.
    """
    client: DynamoDBClient = aws.client("dynamodb")
    found = client.list_backups(**page.request("Limit", "ExclusiveStartBackupArn"), **given(TableName=table_name))
    backups = [
        {
            "name": item.get("BackupName"),
            "arn": item.get("BackupArn"),
            "table": item.get("TableName"),
            "state": item.get("BackupStatus"),
            "type": item.get("BackupType"),
            "created": item.get("BackupCreationDateTime"),
            "size_bytes": item.get("BackupSizeBytes"),
        }
        for item in found["BackupSummaries"]
    ]
    return {"backups": backups, "next_page_token": found.get("LastEvaluatedBackupArn")}


@dynamodb.operation(actions=["dynamodb:DescribeLimits"])
def describe_limits(aws: Aws) -> Answer:
    """Show how much provisioned capacity the account and a table may have in the region."""
    client: DynamoDBClient = aws.client("dynamodb")
    found = client.describe_limits()
    return {
        "account_read_units": found["AccountMaxReadCapacityUnits"],
        "account_write_units": found["AccountMaxWriteCapacityUnits"],
        "table_read_units": found["TableMaxReadCapacityUnits"],
        "table_write_units": found["TableMaxWriteCapacityUnits"],
    }


def _projection(attributes: list[str] | None) -> dict[str, Any]:
    """The members that ask for some attributes, by placeholders because any name may be a reserved word.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
    """
    names = {f"#a{position}": name for position, name in enumerate(attributes or [])}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names} if names else {}


def _items(found: Item) -> Answer:
    return {
        "items": [plain({"M": item}) for item in found["Items"]],
        "next_page_token": page_token(found.get("LastEvaluatedKey")),
    }


def _table(item: Item) -> dict[str, Any]:
    capacity: Item = item.get("ProvisionedThroughput", {})
    indexes = [*item.get("GlobalSecondaryIndexes", []), *item.get("LocalSecondaryIndexes", [])]
    return {
        "table": item["TableName"],
        "arn": item["TableArn"],
        "state": item["TableStatus"],
        "created": item.get("CreationDateTime"),
        "key": key_names(item["KeySchema"]),
        "attribute_types": attribute_types(item),
        "items_about": item.get("ItemCount"),
        "size_bytes_about": item.get("TableSizeBytes"),
        "billing_mode": item.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "read_units": capacity.get("ReadCapacityUnits"),
        "write_units": capacity.get("WriteCapacityUnits"),
        "table_class": item.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "deletion_protection": item.get("DeletionProtectionEnabled", False),
        "encryption": item.get("SSEDescription"),
        "stream": item.get("StreamSpecification", {}).get("StreamViewType"),
        "replica_regions": [replica["RegionName"] for replica in item.get("Replicas", [])],
        "indexes": [
            {"name": index["IndexName"], "state": index.get("IndexStatus"), "key": key_names(index["KeySchema"])}
            for index in indexes
        ],
    }
