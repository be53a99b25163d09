"""CloudWatch: a metric with an alarm that went off, a dashboard, and a log group with events."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

GROUP = "/acme/billing"
ALARM = "acme-billing-errors"
NAMESPACE = "Acme/Billing"


def fill(client: Clients, account: Account) -> Made:
    metrics, logs = client("cloudwatch"), client("logs")
    dimension = {"Name": "Service", "Value": "invoices"}
    # A minute ago, because a range does not include its end.
    errors = {"MetricName": "Errors", "Timestamp": datetime.now(UTC) - timedelta(minutes=1), "Value": 42.0}
    metrics.put_metric_data(Namespace=NAMESPACE, MetricData=[{**errors, "Dimensions": [dimension]}])
    metrics.put_metric_alarm(
        AlarmName=ALARM,
        Namespace=NAMESPACE,
        MetricName="Errors",
        Dimensions=[dimension],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    metrics.set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="42 errors in a minute")
    widget = {"type": "metric", "width": 6, "height": 6, "properties": {"metrics": [[NAMESPACE, "Errors"]]}}
    metrics.put_dashboard(DashboardName="acme-billing", DashboardBody=json.dumps({"widgets": [widget]}))
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="invoices/1")
    now = int(time.time() * 1000)
    messages = ["INFO invoice 7 written", "ERROR invoice 8 has no customer"]
    events = [{"timestamp": now - 60_000 + position, "message": text} for position, text in enumerate(messages)]
    logs.put_log_events(logGroupName=GROUP, logStreamName="invoices/1", logEvents=events)
    started = logs.start_query(
        logGroupName=GROUP, startTime=now // 1000 - 3600, endTime=now // 1000, queryString="fields @message"
    )
    return {"query": started["queryId"]}


def calls(made: Made) -> Sequence[Call]:
    metric = {"namespace": NAMESPACE, "metric": "Errors", "dimensions": {"Service": "invoices"}}
    group = {"log_group": GROUP}
    return [
        Call(operation="list_metrics", arguments={"namespace": NAMESPACE}, finds="invoices"),
        Call(operation="get_metric", arguments=metric | {"statistic": "Sum"}, finds='"value": 42.0'),
        Call(operation="describe_alarms", arguments={"state": "ALARM"}, finds="42 errors in a minute"),
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
        Call(
            operation="describe_alarm_history",
            arguments={"alarm": ALARM},
            finds=ALARM,
            unknown_to=("moto",),
            stubbed={
                "cloudwatch:DescribeAlarmHistory": {
                    "AlarmHistoryItems": [
                        {
                            "AlarmName": ALARM,
                            "AlarmType": "MetricAlarm",
                            "Timestamp": datetime(2026, 11, 20, tzinfo=UTC),
                            "HistoryItemType": "StateUpdate",
                            "HistorySummary": "Alarm updated from OK to ALARM",
                        }
                    ]
                }
            },
        ),
        Call(operation="list_dashboards", finds="acme-billing"),
        Call(operation="get_dashboard", arguments={"dashboard": "acme-billing"}, finds="widgets"),
        Call(operation="list_log_groups", arguments={"name_contains": "billing"}, finds=GROUP),
        Call(operation="list_log_streams", arguments=group, finds="invoices/1"),
        Call(
            operation="filter_log_events",
            arguments=group | {"pattern": "ERROR"},
            finds="invoice 8 has no customer",
            hides=["invoice 7"],
        ),
        Call(
            operation="query_logs",
            arguments={"log_groups": [GROUP], "query": "fields @timestamp, @message | limit 5"},
            finds="invoice 8",
        ),
        Call(operation="get_query_results", arguments={"query_id": made["query"]}, finds="Complete"),
    ]


SCENARIO = Scenario(server="aws-monitoring", tool="cloudwatch_read_operations", fill=fill, calls=calls)
