"""What leaves for a collector: spans that hang together along a story, and nothing that could hold a person."""

from __future__ import annotations

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from shared.tracing import Tracing, traceparent_of

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_hearers_span_hangs_under_the_one_that_said_it_and_goes_along() -> None:
    kept = InMemorySpanExporter()
    tracing = Tracing(kept, "0")
    span = tracing.heard("on_case_opened", "intake.case_opened.v1", "e1", PARENT)
    onward = traceparent_of(span)
    span.end()
    tracing.close()
    (sent,) = kept.get_finished_spans()
    assert sent.context is not None
    assert sent.parent is not None
    assert (f"{sent.context.trace_id:032x}", f"{sent.parent.span_id:016x}") == (PARENT.split("-")[1], PARENT.split("-")[2])
    assert onward == f"00-{sent.context.trace_id:032x}-{sent.context.span_id:016x}-01"
    assert dict(sent.attributes or {})["kapok.hearer"] == "on_case_opened"


def test_nothing_but_listed_attributes_and_no_words_of_an_exception_leave() -> None:
    kept = InMemorySpanExporter()
    tracing = Tracing(kept, "0")
    span = tracing.heard("on_case_opened", "intake.case_opened.v1", "e1", None)
    span.set_attributes({"url.query": "name=陈大文", "http.route": "/intake/v1/cases/{case_id}"})
    span.record_exception(ValueError("陈大文 13800138000"))
    span.set_status(Status(StatusCode.ERROR, "陈大文"))
    span.end()
    tracing.close()
    (sent,) = kept.get_finished_spans()
    text = sent.to_json()
    assert "陈大文" not in text
    assert "\\u9648" not in text
    assert "13800138000" not in text
    assert dict(sent.attributes or {})["http.route"] == "/intake/v1/cases/{case_id}"
    assert sent.status.status_code is StatusCode.ERROR


def test_a_traceparent_that_makes_no_sense_starts_a_trace_of_its_own() -> None:
    kept = InMemorySpanExporter()
    tracing = Tracing(kept, "0")
    tracing.heard("on_case_opened", "intake.case_opened.v1", "e1", "nonsense").end()
    tracing.close()
    (sent,) = kept.get_finished_spans()
    assert sent.parent is None
