"""Reads CloudWatch: metrics, alarms and dashboards; `logs` adds the log groups to the same tool.

Only DescribeAlarms, DescribeAlarmHistory and GetDashboard take a resource in IAM
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html). With alarms named as
the resource, AWS leaves composite alarms out:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from aws_operations.monitoring.server import server
from aws_operations.monitoring.times import time_range
from toolkit import Answer, Aws, Page, ToolError, given

Item = Mapping[str, Any]

cloudwatch = server.family(
    "cloudwatch_read_operations",
    "Read CloudWatch without changing anything: metrics, alarms, dashboards, log groups, log events and log queries.",
    self_check={"operation": "describe_alarms", "page_size": 1},
    classification="confidential",  # log events hold whatever an application writes
    sensitive=["pattern", "query"],
)


@cloudwatch.operation(actions=["cloudwatch:ListMetrics"])
def list_metrics(
    aws: Aws, page: Page, namespace: str = "", metric: str = "", dimensions: dict[str, str] | None = None
) -> Answer:
    """List the metrics that were reported in the last two weeks, with their dimensions; at most 500 at a time.

    Args:
        namespace: The metrics' namespace, such as AWS/Lambda.
        metric: The metric's name, such as Errors.
        dimensions: Dimension names to values, such as {"FunctionName": "billing"}.
    """
    found = aws.client("cloudwatch").list_metrics(
        **page.request(None, "NextToken"),
        **given(Namespace=namespace, MetricName=metric, Dimensions=_dimensions(dimensions)),
    )
    metrics = [
        {"namespace": item["Namespace"], "metric": item["MetricName"], "dimensions": _as_object(item.get("Dimensions"))}
        for item in found["Metrics"]
    ]
    return {"metrics": metrics, "next_page_token": found.get("NextToken")}


@cloudwatch.operation(actions=["cloudwatch:GetMetricData"])
def get_metric(
    aws: Aws,
    page: Page,
    namespace: str,
    metric: str,
    dimensions: dict[str, str] | None = None,
    statistic: str = "Average",
    period_seconds: int = 300,
    start: str = "",
    end: str = "",
) -> Answer:
    """Read one metric's values over time, oldest first. AWS charges one US cent for a thousand calls.

    Args:
        statistic: Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as p99.
        period_seconds: Seconds that one value stands for: 1, 5, 10, 20, 30, or a multiple of 60.
        start: Begin of the time range in ISO 8601; the last three hours when left out, the last hour of logs.
        end: End of the time range in ISO 8601; now when left out.
    """
    first, last = time_range(start, end, hours=3)
    asked = {"Namespace": namespace, "MetricName": metric, "Dimensions": _dimensions(dimensions)}
    found = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {"Id": "asked", "MetricStat": {"Metric": asked, "Period": period_seconds, "Stat": statistic}}
        ],
        StartTime=first,
        EndTime=last,
        ScanBy="TimestampAscending",
        **page.request("MaxDatapoints", "NextToken", most=100_800),
    )
    values = [
        {"time": time, "value": value}
        for result in found["MetricDataResults"]
        for time, value in zip(result["Timestamps"], result["Values"], strict=True)
    ]
    return {
        "namespace": namespace,
        "metric": metric,
        "statistic": statistic,
        "period_seconds": period_seconds,
        "start": first,
        "end": last,
        "values": values,
        "messages": [message["Value"] for message in found.get("Messages", [])],
        "next_page_token": found.get("NextToken"),
    }


@cloudwatch.operation(actions=["cloudwatch:DescribeAlarms on alarm"])
def describe_alarms(
    aws: Aws,
    page: Page,
    names: list[str] | None = None,
    prefix: str = "",
    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA"] | None = None,
) -> Answer:
    """Describe metric alarms: state and since when, why, what they watch, whom they tell.

    Args:
        names: Only the alarms with these names.
        prefix: Only what has a name that begins with this.
        state: Only the alarms in this state.
    """
    if names and prefix:
        raise ToolError("describe_alarms takes names or prefix, not both", code="invalid_arguments")
    found = aws.client("cloudwatch").describe_alarms(
        **page.request("MaxRecords", "NextToken"), **given(AlarmNames=names, AlarmNamePrefix=prefix, StateValue=state)
    )
    return {"alarms": [_alarm(item) for item in found["MetricAlarms"]], "next_page_token": found.get("NextToken")}


@cloudwatch.operation(actions=["cloudwatch:DescribeAlarmHistory on alarm"])
def describe_alarm_history(
    aws: Aws,
    page: Page,
    alarm: str = "",
    kind: Literal["StateUpdate", "ConfigurationUpdate", "Action"] | None = None,
    start: str = "",
    end: str = "",
) -> Answer:
    """Show what happened to metric alarms, newest first: changes of state and configuration, notifications.

    Args:
        alarm: The alarm's name; all alarms when left out.
        kind: Only events of this kind.
    """
    first, last = time_range(start, end, hours=24 * 30) if start or end else (None, None)
    found = aws.client("cloudwatch").describe_alarm_history(
        ScanBy="TimestampDescending",
        **page.request("MaxRecords", "NextToken"),
        **given(AlarmName=alarm, HistoryItemType=kind, StartDate=first, EndDate=last),
    )
    events = [
        {
            "time": item.get("Timestamp"),
            "alarm": item.get("AlarmName"),
            "kind": item.get("HistoryItemType"),
            "summary": item.get("HistorySummary"),
        }
        for item in found["AlarmHistoryItems"]
    ]
    return {"events": events, "next_page_token": found.get("NextToken")}


@cloudwatch.operation(actions=["cloudwatch:ListDashboards"])
def list_dashboards(aws: Aws, page: Page, prefix: str = "") -> Answer:
    """List the account's dashboards."""
    found = aws.client("cloudwatch").list_dashboards(
        **page.request(None, "NextToken"), **given(DashboardNamePrefix=prefix)
    )
    dashboards = [
        {"name": item["DashboardName"], "last_modified": item.get("LastModified"), "size_bytes": item.get("Size")}
        for item in found["DashboardEntries"]
    ]
    return {"dashboards": dashboards, "next_page_token": found.get("NextToken")}


@cloudwatch.operation(actions=["cloudwatch:GetDashboard on dashboard"])
def get_dashboard(aws: Aws, dashboard: str) -> Answer:
    """Show a dashboard's widgets: which metrics, logs and alarms its authors watch.

    Args:
        dashboard: The dashboard's name.
    """
    found = aws.client("cloudwatch").get_dashboard(DashboardName=dashboard)
    return {
        "name": found["DashboardName"],
        "arn": found.get("DashboardArn"),
        "body": json.loads(found["DashboardBody"]),
    }


def _alarm(item: Item) -> dict[str, Any]:
    return {
        "name": item["AlarmName"],
        "arn": item["AlarmArn"],
        "description": item.get("AlarmDescription"),
        "state": item["StateValue"],
        "state_reason": item.get("StateReason"),
        # The first is of the state itself, the second also of a new reason for it.
        "state_since": item.get("StateTransitionedTimestamp", item.get("StateUpdatedTimestamp")),
        "namespace": item.get("Namespace"),
        "metric": item.get("MetricName"),
        "dimensions": _as_object(item.get("Dimensions")),
        "expressions": [query["Expression"] for query in item.get("Metrics", []) if query.get("Expression")],
        "statistic": item.get("Statistic", item.get("ExtendedStatistic")),
        "period_seconds": item.get("Period"),
        "comparison": item.get("ComparisonOperator"),
        "threshold": item.get("Threshold"),
        "evaluation_periods": item.get("EvaluationPeriods"),
        "datapoints_to_alarm": item.get("DatapointsToAlarm"),
        "missing_data": item.get("TreatMissingData"),
        "actions_enabled": item.get("ActionsEnabled"),
        "alarm_actions": item.get("AlarmActions", []),
        "ok_actions": item.get("OKActions", []),
    }


def _dimensions(wanted: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in (wanted or {}).items()]


def _as_object(dimensions: list[Item] | None) -> dict[str, str]:
    return {entry["Name"]: entry["Value"] for entry in dimensions or []}
