"""A major version that ends: every answer says so, and every call is counted (R11).

The tool server's function learns it from two variables that its construct sets; without them nothing here happens.
The metric goes out as a log line in CloudWatch's embedded metric format, so that counting needs no permission and no
request of its own (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Lambda.html).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

ENDS = "FOUNDATION_DEPRECATED_ENDS"
"""Variable with the last day of the deprecated major, as 2027-06-30."""

SUCCESSOR = "FOUNDATION_SUCCESSOR"
"""Variable with the gateway target to use instead, as aws-operations-v2."""

FIELD = "deprecation"
"""The member of an answer that says that its tool ends."""

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "There while the tool is deprecated: when it ends, and what to use instead.",
    "properties": {
        "ends": {"type": "string", "description": "The last day on which the tool answers, in ISO 8601."},
        "successor": {"type": "string", "description": "The gateway target whose tools to use instead."},
    },
    "required": ["ends", "successor"],
}
"""The field's schema in AgentCore's subset."""

NAMESPACE = "Foundation/Tools"
METRIC = "DeprecatedCalls"
"""Calls of a deprecated major, with the dimensions service (the tool server) and major, and with tool beside them."""


@dataclass(frozen=True)
class Deprecation:
    """That this major of a tool server ends.

    Attributes:
        ends: The last day on which it answers, in ISO 8601.
        successor: The gateway target to use instead.
    """

    ends: str
    successor: str

    @classmethod
    def from_environment(cls) -> Self | None:
        """What the function's variables say; None where this major is the current one.

        Raises:
            KeyError: There is an end without a successor, which the construct never sets.
        """
        ends = os.environ.get(ENDS)
        return cls(ends, os.environ[SUCCESSOR]) if ends else None

    def variables(self) -> dict[str, str]:
        """The function's variables that `from_environment` reads."""
        return {ENDS: self.ends, SUCCESSOR: self.successor}

    def sentence(self) -> str:
        """What a tool's description begins with, for whoever chooses a tool by it."""
        return f"Deprecated: ends {self.ends}; use {self.successor}."

    def mark(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The answer with the field."""
        return {**answer, FIELD: {"ends": self.ends, "successor": self.successor}}

    def count(self, *, server: str, version: str, tool: str) -> None:
        """Count one call of a tool, successful or not.

        Args:
            server: The tool server's name.
            version: Its version, of which the major becomes a dimension.
            tool: The tool's own name; only of a tool that exists, since each value of a dimension is a metric.
        """
        # Only a deprecated major pays for the import.
        from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415

        major = version.partition(".")[0]
        metrics = EphemeralMetrics(namespace=NAMESPACE, service=server)
        metrics.add_dimension("major", major)
        metrics.add_dimensions(service=server, major=major, tool=tool)
        metrics.add_metric(METRIC, MetricUnit.Count, 1)
        metrics.flush_metrics()
