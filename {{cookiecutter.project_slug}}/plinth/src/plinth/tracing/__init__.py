"""OpenTelemetry traces, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector.

docs/monitoring.md has the SDK's other variables: OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER,
OTEL_TRACES_SAMPLER_ARG. The SDK is imported on use: without the endpoint, never.
"""

from plinth.env import Env, require_extra

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def enabled() -> bool:
    return bool(Env().url(ENDPOINT, "http", "https"))


def start() -> None:
    """Trace the requests, queries, cache commands and tasks of this process and its forks."""
    require_extra(ENDPOINT, "otel")
    from . import sdk

    sdk.start(headers=Env()("OTEL_EXPORTER_OTLP_HEADERS"))
