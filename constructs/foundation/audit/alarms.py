"""What tells that audit records do not arrive (R8: losing the path must not be silent).

Metrics: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html and
https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html.
"""

from __future__ import annotations

from aws_cdk import (
    Duration,
    Stack,
    aws_cloudwatch as cloudwatch,
    aws_cloudwatch_actions as actions,
    aws_iam as iam,
    aws_kms as kms,
    aws_lambda as lambda_,
    aws_logs as logs,
    aws_sns as sns,
)
from constructs import Construct

from foundation.audit.delivery import AuditDelivery

_PERIOD = Duration.minutes(5)
_STALE_BUFFERS = 3
"""Buffer intervals after which the oldest record on its way should long have been written."""
_LEAST_STALE_SECONDS = 900

_NAMESPACE = "Foundation"
_COUNTED = {
    "AuditFailures": "A call was refused because its record could not be kept (audit.required)",
    "Unavailable": "Calls are refused: the provider's keys, the list of suspensions or the directory cannot be read",
    "MissingTenantLogGroup": "Records could not be copied to a tenant's log group, which is not there",
}
"""Metrics of the interceptors and the router (`lambda/governance/metrics.py`), with what one of them means."""


class AuditAlarms(Construct):
    """Alarms on every hop of the path, and the topic that they tell.

    Attributes:
        topic: where alarms and the warnings of tenants' budgets go; whoever is to know subscribes to it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, key: kms.Key) -> None:
        """Make the topic.

        Args:
            scope: the construct it belongs to.
            construct_id: its id there.
            name: the topic's name.
            key: its key, which CloudWatch and AWS Budgets are let in to
                (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
                https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html).
        """
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", topic_name=name, master_key=key, enforce_ssl=True)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=_tellers(),
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=_of_this_account(self.topic),
            )
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=_tellers(),
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],  # a key's own policy: the key
                conditions=_of_this_account(self.topic),
            )
        )

    def watch_delivery(self, delivery: AuditDelivery, *, buffer_seconds: int) -> None:
        """Alarms on a delivery stream: it fails, falls behind, or cannot read what it gets."""
        self._alarm(
            f"{delivery.prefix}-failures",
            f"{delivery.stream_name} could not write to the bucket",
            metric=_firehose(delivery, "DeliveryToS3.Success", "Minimum"),
            threshold=1,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        )
        self._alarm(
            f"{delivery.prefix}-age",
            f"{delivery.stream_name} holds records that should have been written",
            metric=_firehose(delivery, "DeliveryToS3.DataFreshness", "Maximum"),
            threshold=max(_STALE_BUFFERS * buffer_seconds, _LEAST_STALE_SECONDS),
        )
        self._alarm(
            f"{delivery.prefix}-unreadable",
            f"{delivery.stream_name} put records that it could not read under errors/",
            metric=_firehose(delivery, "OutputDecompressedRecords.Failed", "Sum"),
            threshold=1,
        )

    def watch_subscription(
        self, scope: Construct, *, log_group: logs.ILogGroup, subscription: logs.CfnSubscriptionFilter, kind: str
    ) -> None:
        """Alarms on a subscription: CloudWatch Logs cannot deliver, or is held up.

        Args:
            scope: construct of the log group's stack that holds them.
            log_group: the log group.
            subscription: its subscription.
            kind: where it leads, Firehose or Lambda.
        """
        for metric_name, meaning in (("DeliveryErrors", "fails"), ("DeliveryThrottling", "is held up")):
            self._alarm(
                f"{subscription.node.id}-{metric_name}",
                f"Delivery of audit records to {kind} {meaning}; after 24 hours CloudWatch Logs drops them",
                metric=cloudwatch.Metric(
                    namespace="AWS/Logs",
                    metric_name=metric_name,
                    statistic="Sum",
                    period=_PERIOD,
                    dimensions_map={
                        "LogGroupName": log_group.log_group_name,
                        "DestinationType": kind,
                        "FilterName": str(subscription.filter_name),
                    },
                ),
                threshold=1,
                scope=scope,
            )

    def watch_function(self, function: lambda_.IFunction) -> None:
        """Alarm on a function of the path: an event that it fails for three times is gone."""
        self._alarm(
            "router-errors",
            "The router failed to copy records to a tenant's log group; they are in the store all the same",
            metric=function.metric_errors(period=_PERIOD, statistic="Sum"),
            threshold=1,
        )

    def watch_governance(self, environment: str) -> None:
        """Alarms on what the functions of the path count themselves, in CloudWatch's embedded metric format."""
        for metric_name, meaning in _COUNTED.items():
            self._alarm(
                metric_name,
                meaning,
                metric=cloudwatch.Metric(
                    namespace=_NAMESPACE,
                    metric_name=metric_name,
                    statistic="Sum",
                    period=_PERIOD,
                    dimensions_map={"environment": environment},
                ),
                threshold=1,
            )

    def watch_errors(self, errors: logs.ILogGroup) -> None:
        """Alarm on the log in which Firehose says what it could not deliver, and why."""
        self._alarm(
            "error-log",
            f"Firehose wrote into {errors.node.path}",
            metric=cloudwatch.Metric(
                namespace="AWS/Logs",
                metric_name="IncomingLogEvents",
                statistic="Sum",
                period=_PERIOD,
                dimensions_map={"LogGroupName": errors.log_group_name},
            ),
            threshold=1,
        )

    def _alarm(
        self,
        construct_id: str,
        description: str,
        *,
        metric: cloudwatch.IMetric,
        threshold: float,
        comparison: cloudwatch.ComparisonOperator = (cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
        scope: Construct | None = None,
    ) -> None:
        alarm = cloudwatch.Alarm(
            scope or self,
            construct_id,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=comparison,
            # Nobody calling is no failure.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))


def _firehose(delivery: AuditDelivery, metric_name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/Firehose",
        metric_name=metric_name,
        statistic=statistic,
        period=_PERIOD,
        dimensions_map={"DeliveryStreamName": delivery.stream_name},
    )


def _tellers() -> list[iam.IPrincipal]:
    """The services that may publish to the topic."""
    return [iam.ServicePrincipal(name) for name in ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")]


def _of_this_account(scope: Construct) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
