"""Metrics in CloudWatch's embedded format, a line in the function's log.

Powertools writes them; it is imported with the first one, since most calls of the request interceptor have none.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMESPACE = "Foundation"


def emit(
    values: Mapping[str, float], *dimensions: Mapping[str, str], milliseconds: Mapping[str, float] | None = None
) -> None:
    """Write metrics.

    Args:
        values: Counts by name.
        dimensions: Sets of dimensions; each metric counts under each of them.
        milliseconds: Durations by name.
    """
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415 - see the module docstring

    first, *others = dimensions
    # Without a service, which Powertools would otherwise take from the environment and add to the first set.
    metrics = EphemeralMetrics(namespace=NAMESPACE, service="")
    for name, value in first.items():
        metrics.add_dimension(name, value)
    for more in others:
        metrics.add_dimensions(**more)
    for name, number in values.items():
        metrics.add_metric(name, MetricUnit.Count, number)
    for name, number in (milliseconds or {}).items():
        metrics.add_metric(name, MetricUnit.Milliseconds, number)
    metrics.flush_metrics()
