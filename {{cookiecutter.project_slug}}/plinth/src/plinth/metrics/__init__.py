"""Metrics for Prometheus, where METRICS_BIND names an address: docs/monitoring.md.

`prometheus_client` is imported on use: without METRICS_BIND, never.
"""

from django.conf import settings


def enabled() -> bool:
    return bool(getattr(settings, "METRICS_BIND", ""))
