"""Reads CloudWatch Logs: groups, streams, events, and queries over them.

What a group's data protection policy masks stays masked, also where a query says `unmask`: the role lacks logs:Unmask
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html). DescribeLogGroups takes no
resource in IAM:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html

A query costs by the gigabytes that it searches (https://aws.amazon.com/cloudwatch/pricing/), whether its results are
read or not; so the time that it covers is limited.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aws_operations.monitoring.cloudwatch import cloudwatch
from aws_operations.monitoring.times import from_milliseconds, milliseconds, time_range
from toolkit import Answer, Aws, Page, ToolError, given

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

QUERY_SECONDS = 15
"""How long a query may run before the caller is told to read its results later."""

QUERY_DAYS = 7
"""How much time a query may cover."""

_WAITING = ("Scheduled", "Running")


@cloudwatch.operation(actions=["logs:DescribeLogGroups"])
def list_log_groups(aws: Aws, page: Page, name_contains: str = "") -> Answer:
    """List log groups: retention, size, encryption key.

    Args:
        name_contains: Only the groups with this in their name; upper and lower case differ.
    """
    client: CloudWatchLogsClient = aws.client("logs")
    found = client.describe_log_groups(
        **page.request("limit", "nextToken", most=50), **given(logGroupNamePattern=name_contains)
    )
    groups = [
        {
            "name": item["logGroupName"],
            "arn": item.get("logGroupArn", item.get("arn")),
            "created": from_milliseconds(item.get("creationTime")),
            "retention_days": item.get("retentionInDays"),
            "size_bytes": item.get("storedBytes"),
            "kms_key": item.get("kmsKeyId"),
            "class": item.get("logGroupClass"),
        }
        for item in found["logGroups"]
    ]
    return {"log_groups": groups, "next_page_token": found.get("nextToken")}


@cloudwatch.operation(actions=["logs:DescribeLogStreams on log-group"])
def list_log_streams(aws: Aws, page: Page, log_group: str) -> Answer:
    """List a log group's streams, the one with the latest event first.

    Args:
        log_group: The log group's name.
    """
    client: CloudWatchLogsClient = aws.client("logs")
    found = client.describe_log_streams(
        logGroupName=log_group,
        orderBy="LastEventTime",
        descending=True,
        **page.request("limit", "nextToken", most=50),
    )
    streams = [
        {
            "name": item["logStreamName"],
            "first_event": from_milliseconds(item.get("firstEventTimestamp")),
            "last_event": from_milliseconds(item.get("lastEventTimestamp")),
        }
        for item in found["logStreams"]
    ]
    return {"log_group": log_group, "log_streams": streams, "next_page_token": found.get("nextToken")}


@cloudwatch.operation(actions=["logs:FilterLogEvents on log-group"])
def filter_log_events(
    aws: Aws,
    page: Page,
    log_group: str,
    pattern: str = "",
    log_streams: list[str] | None = None,
    start: str = "",
    end: str = "",
) -> Answer:
    """Read a log group's events, oldest first. A page can be empty and still have a next one.

    Args:
        pattern: A filter pattern, such as ERROR, "out of memory" in quotes, or { $.status = 500 } for JSON; all
            events when left out.
        log_streams: Only the events of these streams.
    """
    client: CloudWatchLogsClient = aws.client("logs")
    first, last = time_range(start, end, hours=1)
    found = client.filter_log_events(
        logGroupName=log_group,
        startTime=milliseconds(first),
        endTime=milliseconds(last),
        **page.request("limit", "nextToken", most=1000),
        **given(filterPattern=pattern, logStreamNames=log_streams),
    )
    events = [
        {
            "time": from_milliseconds(item.get("timestamp")),
            "log_stream": item.get("logStreamName"),
            "message": item.get("message"),
        }
        for item in found["events"]
    ]
    return {"log_group": log_group, "events": events, "next_page_token": found.get("nextToken")}


@cloudwatch.operation(actions=["logs:StartQuery on log-group", "logs:GetQueryResults on log-group"])
def query_logs(aws: Aws, log_groups: list[str], query: str, limit: int = 100, start: str = "", end: str = "") -> Answer:
    """Run a Logs Insights query and wait for it up to 15 seconds; then get_query_results reads what is still missing.

    AWS charges for every gigabyte that a query searches: a short time range costs less. It may be seven days at most.

    Args:
        log_groups: Names of up to 50 log groups.
        query: In the language of Logs Insights, such as `fields @timestamp, @message | filter @message like /ERROR/`.
        limit: Rows at most, from 1 to 1000.
    """
    if not 1 <= limit <= 1000:
        raise ToolError(f"limit must be from 1 to 1000, not {limit}", code="invalid_arguments")
    client: CloudWatchLogsClient = aws.client("logs")
    first, last = time_range(start, end, hours=1)
    if last - first > timedelta(days=QUERY_DAYS):
        text = f"a query covers {QUERY_DAYS} days at most, since AWS charges for what it searches; give a later start"
        raise ToolError(text, code="invalid_arguments")
    query_id = client.start_query(
        logGroupNames=log_groups,
        startTime=int(first.timestamp()),
        endTime=int(last.timestamp()),
        queryString=query,
        limit=limit,
    )["queryId"]
    until = time.monotonic() + QUERY_SECONDS
    found = _results(client, query_id)
    while found["status"] in _WAITING and time.monotonic() < until:
        time.sleep(0.5)
        found = _results(client, query_id)
    return found


@cloudwatch.operation(actions=["logs:GetQueryResults on log-group"])
def get_query_results(aws: Aws, query_id: str) -> Answer:
    """Read the results of a query that query_logs started.

    Args:
        query_id: The query's id, as query_logs gave it.
    """
    client: CloudWatchLogsClient = aws.client("logs")
    return _results(client, query_id)


def _results(client: CloudWatchLogsClient, query_id: str) -> Answer:
    found = client.get_query_results(queryId=query_id)
    statistics: Mapping[str, Any] = found.get("statistics", {})
    return {
        "query_id": query_id,
        "status": found["status"],
        "rows": [_row(fields) for fields in found.get("results", [])],
        "records_matched": statistics.get("recordsMatched"),
        "bytes_scanned": statistics.get("bytesScanned"),
    }


def _row(fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A row without @ptr, which only serves to ask for the record again."""
    return {field["field"]: field.get("value") for field in fields if field["field"] != "@ptr"}
