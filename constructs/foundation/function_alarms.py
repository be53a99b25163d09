"""Alarms on a function without which nobody gets a token or an answer (R8, R10).

Metrics: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html.
"""

from __future__ import annotations

from aws_cdk import (
    Duration,
    aws_cloudwatch as cloudwatch,
    aws_cloudwatch_actions as actions,
    aws_lambda as lambda_,
    aws_sns as sns,
)
from constructs import Construct

PERIOD = Duration.minutes(5)
"""Over which alarms add up."""


class FunctionAlarms(Construct):
    """Tells a topic when a function fails, when it is not let run where that is asked for, and what else is added."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        topic: sns.ITopic,
        errors: str,
        throttles: str | None = None,
        least_errors: int = 1,
    ) -> None:
        """Make the alarms.

        Args:
            scope: the construct they belong to.
            construct_id: their id there.
            function: what they watch.
            topic: where they go.
            errors: what it means that it fails, for whoever is told.
            throttles: what it means that Lambda refuses to start it: it is busy as often as it may run at a time. No
                such alarm when None.
            least_errors: calls that fail within five minutes before that is told.
        """
        super().__init__(scope, construct_id)
        self._topic = topic
        self.add("Errors", errors, function.metric_errors(period=PERIOD, statistic="Sum"), least=least_errors)
        if throttles is not None:
            self.add("Throttles", throttles, function.metric_throttles(period=PERIOD, statistic="Sum"))

    def add(self, construct_id: str, description: str, metric: cloudwatch.IMetric, *, least: int = 1) -> None:
        """Tell the topic, too, when `metric` reaches `least` within its period."""
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=description,
            metric=metric,
            threshold=least,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # Nobody calling is no failure.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        alarm.add_ok_action(actions.SnsAction(self._topic))
