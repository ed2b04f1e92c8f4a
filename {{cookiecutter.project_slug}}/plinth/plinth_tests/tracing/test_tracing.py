"""OpenTelemetry: nothing without its variable, and what is recorded with it."""

import logging
from contextlib import suppress
from typing import Any

import pytest

from plinth import extras
from plinth.logs.formatters import request_id
from plinth_tests.processes import EMBEDDED, evaluate, python, run

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
with_the_extra = pytest.mark.skipif(
    not extras.is_installed("otel"), reason="needs the extra otel of django-plinth"
)
MODULES = """
import config.wsgi, sys
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


def test_nothing_is_imported_without_an_endpoint() -> None:
    # In a new process: some libraries import it themselves where it is installed.
    assert python("-c", MODULES, **EMBEDDED).stdout == "[]\n"


def test_malformed_endpoint_stops_the_start_with_one_line() -> None:
    done = run("import config.wsgi", **EMBEDDED, **{ENDPOINT: "collector:4318"})

    assert done.stderr == (
        f"The variable {ENDPOINT} must be a URL that starts with http:// or https://.\n"
    )


@with_the_extra
def test_process_that_makes_no_span_starts_no_thread() -> None:
    code = """
import threading
import config.wsgi
from django.conf import settings
result = [settings.MIDDLEWARE[0], [thread.name for thread in threading.enumerate()]]
"""
    first, threads = evaluate(code, **EMBEDDED, **{ENDPOINT: "http://127.0.0.1:1"})

    assert first == "plinth.tracing.middleware.TracingMiddleware"
    assert threads == ["MainThread"]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A tracer with the foundation's sampler, and the list of what would be sent."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider

    from plinth.tracing import sdk

    found: list[Any] = []

    class Batch:
        def on_end(self, span: Any) -> None:
            found.append(span)

    exporter = sdk.Exporter(headers="")
    exporter.batch = Batch()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.sampler = sdk.EntrySampler(provider.sampler)
    provider.add_span_processor(exporter)
    return provider.get_tracer("test"), found


@with_the_extra
def test_span_has_the_request_id_and_no_personal_data(spans: Any) -> None:
    tracer, found = spans
    personal = {
        "http.url": "https://example.com/?email=ann@example.com",
        "url.query": "email=ann@example.com",
        "client.address": "192.0.2.7",
        "db.statement.parameters": "('ann@example.com',)",
    }
    token = request_id.set("0123456789")

    with suppress(ValueError), tracer.start_as_current_span("page") as span:
        span.set_attributes(personal | {"http.status_code": 500, "mine": "kept"})
        span.set_attribute("db.query.text", "SELECT 'it''s Ann' WHERE a = %s")
        raise ValueError("no ann@example.com")
    request_id.reset(token)

    [sent] = found
    assert sent.attributes == {
        "db.query.text": "SELECT ? WHERE a = %s",
        "http.status_code": 500,
        "mine": "kept",
        "request_id": "0123456789",
    }
    [event] = sent.events
    assert event.attributes == {
        "exception.type": "ValueError",
        "exception.escaped": "False",
    }
    assert sent.status.description is None
    assert (sent.start_time, sent.end_time) == (span.start_time, span.end_time)


@with_the_extra
def test_query_outside_of_a_request_starts_no_trace(spans: Any) -> None:
    from opentelemetry.trace import SpanKind

    tracer, found = spans

    with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT):
        pass
    with (
        tracer.start_as_current_span("run/task", kind=SpanKind.CONSUMER),
        tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT),
    ):
        pass

    assert [span.name for span in found] == ["SELECT", "run/task"]


@with_the_extra
def test_log_line_in_a_span_has_its_trace_id(
    spans: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opentelemetry.trace import format_trace_id

    from plinth.logs.formatters import JsonFormatter
    from plinth.tracing import sdk

    tracer, _ = spans
    original = logging.getLogRecordFactory()
    try:
        sdk.add_trace_id()
        make = logging.getLogRecordFactory()
        outside = make("name", logging.INFO, "", 0, "hello", (), None)
        with tracer.start_as_current_span("page") as span:
            inside = make("name", logging.INFO, "", 0, "hello", (), None)
    finally:
        logging.setLogRecordFactory(original)

    trace_id = format_trace_id(span.get_span_context().trace_id)
    assert f'"trace_id": "{trace_id}"' in JsonFormatter().format(inside)
    assert "trace_id" not in JsonFormatter().format(outside)
