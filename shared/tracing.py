"""Traces for a collector: one span for each request and each message worked through, with coded attributes only."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_ALLOWED = frozenset({
    "http.request.method", "http.route", "http.response.status_code", "error.type", "kapok.hearer", "messaging.system",
    "messaging.operation.type", "messaging.message.id", "kapok.event_type",
})  # fmt: skip
_propagator = TraceContextTextMapPropagator()


class Plain(SpanExporter):
    """Hands spans on without anything that could hold a person: listed attributes only, no events, no words of an exception."""

    def __init__(self, onward: SpanExporter) -> None:
        self._onward = onward

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._onward.export([_plain(span) for span in spans])

    def shutdown(self) -> None:
        self._onward.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._onward.force_flush(timeout_millis)


def _plain(span: ReadableSpan) -> ReadableSpan:
    kept = {name: value for name, value in (span.attributes or {}).items() if name in _ALLOWED}
    return ReadableSpan(
        name=span.name, context=span.context, parent=span.parent, resource=span.resource, attributes=kept, kind=span.kind,
        status=Status(span.status.status_code), start_time=span.start_time, end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )  # fmt: skip


class Tracing:
    """The spans of one process; without a collector there is none of this."""

    def __init__(self, exporter: SpanExporter, member: str) -> None:
        self.provider = TracerProvider(
            resource=Resource.create({"service.name": "kapok", "service.instance.id": member}), shutdown_on_exit=False
        )
        self.provider.add_span_processor(BatchSpanProcessor(Plain(exporter)))
        self._tracer = self.provider.get_tracer("kapok")

    def heard(self, hearer: str, kind: str, event_id: str, traceparent: str | None) -> Span:
        """A span for one hearer's work on one message, under the span that said it; the caller ends it."""
        parent = _propagator.extract({"traceparent": traceparent}) if traceparent else None
        return self._tracer.start_span(
            f"hear {kind}", parent, SpanKind.CONSUMER,
            {"kapok.hearer": hearer, "kapok.event_type": kind, "messaging.message.id": event_id, "messaging.operation.type": "process"},
        )  # fmt: skip

    def close(self) -> None:
        """Send what waits; a collector that does not answer is given up."""
        self.provider.force_flush(2_000)
        self.provider.shutdown()


def tracing_to(endpoint: str, member: str) -> Tracing:
    """Traces sent by HTTP to the collector at this address (its base; `/v1/traces` is added)."""
    return Tracing(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=5), member)


def traceparent_of(span: Span) -> str | None:
    """What goes along with a message so that its hearers' spans hang under this one; None for a span that is not kept."""
    carrier: dict[str, str] = {}
    if span.get_span_context().is_valid:
        _propagator.inject(carrier, trace.set_span_in_context(span))
    return carrier.get("traceparent")


def current_traceparent() -> str | None:
    """The same of the request that is being served."""
    return traceparent_of(trace.get_current_span())
