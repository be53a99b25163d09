"""OpenTelemetry: traces and metrics of this service and of Strands, by OTLP over HTTP to the cluster's collector."""

from __future__ import annotations

import os
from collections.abc import Callable

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from reference_agent.settings import Settings

_OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"
_NO_CONTENT = "gen_ai_unredacted_attributes="
"""Strands: of prompts, answers, tools' arguments and results, spans hold nothing (strands.telemetry.tracer)."""


def start(settings: Settings) -> Callable[[], None]:
    """Begin to send, when the settings say where to.

    Exporters read their endpoint, headers and timeouts from the environment
    (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). It has to come before Strands is imported.

    Returns:
        What sends the rest, at the end of the process.
    """
    leave_content_out()
    if settings.telemetry_endpoint is None:
        return lambda: None
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415 - if sent
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return provide(
        resource(settings), spans=OTLPSpanExporter(), reader=PeriodicExportingMetricReader(OTLPMetricExporter())
    )


def provide(about: Resource, *, spans: SpanExporter, reader: MetricReader) -> Callable[[], None]:
    """Make the process's providers; gives what flushes and ends them."""
    traces = TracerProvider(resource=about)
    traces.add_span_processor(BatchSpanProcessor(spans))
    meters = MeterProvider(resource=about, metric_readers=[reader])
    trace.set_tracer_provider(traces)
    metrics.set_meter_provider(meters)

    def end() -> None:
        traces.shutdown()
        meters.shutdown()

    return end


def resource(settings: Settings) -> Resource:
    """Who sends, in names of https://opentelemetry.io/docs/specs/semconv/resource/ and in ours."""
    return Resource.create(
        {
            "service.name": settings.agent,
            "service.namespace": settings.tenant,
            "deployment.environment.name": settings.environment,
            "cloud.region": settings.region,
            "foundation.tenant": settings.tenant,
            "foundation.agent": f"{settings.tenant}/{settings.agent}",
        }
    )


def leave_content_out() -> None:
    """Tell Strands to redact content, whatever else the environment opts in to."""
    kept = [value for value in os.environ.get(_OPT_IN, "").split(",") if value and not value.startswith(_NO_CONTENT)]
    os.environ[_OPT_IN] = ",".join([*kept, _NO_CONTENT])
