"""OpenTelemetry's SDK: which spans are recorded, what is removed, and how they are sent."""

import logging
import os
import re
from threading import Lock  # noqa: TID251 (of one exporter, not of a request)
from typing import Any

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.util.re import parse_env_headers

from plinth import extras
from plinth.logs.formatters import request_id

# Attributes, in the names of both conventions, that may hold a client's address, a query
# string, a token or the text of an error. The path and the error are in the log, under the
# same request id.
PERSONAL = {
    "celery.retry.reason",
    "client.address",
    "client.port",
    "db.statement.parameters",
    "exception.message",
    "exception.stacktrace",
    "http.client_ip",
    "http.target",
    "http.url",
    "http.user_agent",
    "net.peer.ip",
    "network.peer.address",
    "network.peer.port",
    "url.full",
    "url.path",
    "url.query",
    "user_agent.original",
}
STATEMENTS = ("db.statement", "db.query.text")
LITERAL = re.compile(r"'(?:[^']|'')*'")


class Instrumentor(DjangoInstrumentor):
    _opentelemetry_middleware = "plinth.tracing.middleware.TracingMiddleware"


class EntrySampler(Sampler):
    """The sampler of OTEL_TRACES_SAMPLER, which a query or a cache command never starts.

    Outside of a request or a task, such as in a migration or in a worker that polls its
    broker, each of them would be a trace.
    """

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def should_sample(
        self,
        parent_context: Any,
        trace_id: int,
        name: str,
        kind: Any = None,
        *rest: Any,
    ) -> SamplingResult:
        parent = trace.get_current_span(parent_context).get_span_context()
        if kind is trace.SpanKind.CLIENT and not parent.is_valid:
            return SamplingResult(Decision.DROP)
        return self.sampler.should_sample(parent_context, trace_id, name, kind, *rest)

    def get_description(self) -> str:
        return f"{type(self).__name__}({self.sampler.get_description()})"


class Exporter(SpanProcessor):
    """Sends spans in batches, from a thread that starts with the first span.

    So each process that a server forks has a thread of its own, and the server none that
    a fork would break; nor has a command of manage.py.
    """

    def __init__(self, headers: str) -> None:
        self.headers = parse_env_headers(headers, liberal=True)
        self.lock = Lock()
        self.batch: BatchSpanProcessor | None = None

    def on_end(self, span: ReadableSpan) -> None:
        with self.lock:
            if not self.batch:
                exporter = OTLPSpanExporter(headers=self.headers or None)
                self.batch = BatchSpanProcessor(exporter)
        self.batch.on_end(clean(span))

    def shutdown(self) -> None:
        if self.batch:
            self.batch.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return not self.batch or self.batch.force_flush(timeout_millis)


def clean(span: ReadableSpan) -> ReadableSpan:
    """Return a span with the request id, without personal data and values of queries."""
    attributes = without_personal_data(span.attributes)
    for name in STATEMENTS:
        if name in attributes:
            attributes[name] = LITERAL.sub("?", attributes[name])
    if (current := request_id.get()) != "-":
        attributes["request_id"] = current
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        events=[
            Event(each.name, without_personal_data(each.attributes), each.timestamp)
            for each in span.events
        ],
        links=span.links,
        kind=span.kind,
        # Its description is the text of an exception.
        status=trace.Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def without_personal_data(attributes: Any) -> dict[str, Any]:
    return {name: attributes[name] for name in attributes or {} if name not in PERSONAL}


def start(headers: str) -> None:
    os.environ.setdefault("OTEL_SERVICE_NAME", settings.SITE_NAME)
    # Seconds. A process that stops sends its last spans for as long, or twice.
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", "3")
    provider = TracerProvider(
        resource=Resource.create(
            {
                "service.version": getattr(settings, "RELEASE", ""),
                "deployment.environment.name": getattr(settings, "ENVIRONMENT", ""),
            }
        )
    )
    provider.sampler = EntrySampler(provider.sampler)
    provider.add_span_processor(Exporter(headers))
    trace.set_tracer_provider(provider)
    Instrumentor().instrument()
    PsycopgInstrumentor().instrument()
    RedisInstrumentor().instrument()
    if extras.is_installed("celery"):
        from celery.signals import worker_process_shutdown
        from opentelemetry.instrumentation.celery import CeleryInstrumentor

        CeleryInstrumentor().instrument()
        # A child of the worker ends without Python's own exit handlers.
        worker_process_shutdown.connect(
            lambda **kwargs: provider.force_flush(), weak=False
        )
    add_trace_id()


def add_trace_id() -> None:
    """Give each log record inside of a span its `trace_id`; JSON lines show it."""
    factory = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = factory(*args, **kwargs)
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            made.trace_id = trace.format_trace_id(context.trace_id)
        return made

    logging.setLogRecordFactory(record)
