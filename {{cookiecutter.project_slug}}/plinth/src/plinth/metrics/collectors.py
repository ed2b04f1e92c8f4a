"""Metrics that are read at each scrape: release, migrations, replicas, those of apps.

An app names functions of its own in its AppConfig, as
`metrics = {"search": "apps.search.metrics.collect"}`. Each yields metric families of
`prometheus_client.core`. One that raises costs the scrape nothing but its own metrics.
"""

import logging
import math
import time
from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import Error, connection, connections
from django.utils.module_loading import import_string
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from plinth.database import replicas

logger = logging.getLogger(__name__)

# Seconds that the number of unapplied migrations is valid: it costs some 50 ms.
MIGRATION_SECONDS = 60
# It, and when it expires (time.monotonic).
unapplied = (0, 0.0)


class SiteCollector(Collector):
    """The metrics of all apps, and which of them could be read."""

    def describe(self) -> list[Metric]:
        """Nothing: registration would collect, and hold a lock that new metrics wait for."""
        return []

    def collect(self) -> Iterator[Metric]:
        success = Gauge(
            "django_collector_success",
            "1, or 0 where the metrics of a collector could not be read.",
            labels=["collector"],
        )
        for config in apps.get_app_configs():
            for name, path in getattr(config, "metrics", {}).items():
                try:
                    found = list(import_string(path)())
                except Exception:
                    logger.exception("The metrics of %s cannot be read", name)
                    found = []
                    success.add_metric([name], 0)
                else:
                    success.add_metric([name], 1)
                yield from found
        # Those of this scrape's thread.
        connections.close_all()
        yield success


def build() -> Iterator[Metric]:
    info = Gauge("django_build_info", "The release that runs.", labels=["release"])
    info.add_metric([getattr(settings, "RELEASE", "")], 1)
    yield info


def migrations() -> Iterator[Metric]:
    global unapplied  # noqa: PLW0603
    count, until = unapplied
    if time.monotonic() > until:
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        count = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        unapplied = count, time.monotonic() + MIGRATION_SECONDS
    yield Gauge("django_migrations_unapplied", "Unapplied migrations.", count)


def replica_lag() -> Iterator[Metric]:
    lag = Gauge(
        "django_db_replica_lag_seconds",
        "Seconds that a replica lags; infinity if it does not answer.",
        labels=["database"],
    )
    for alias in replicas.aliases():
        try:
            seconds = replicas.lag(alias)
        except Error:
            seconds = math.inf
        lag.add_metric([alias], seconds)
    yield lag
