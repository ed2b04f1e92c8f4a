from django.apps import AppConfig
from django.db.backends.signals import connection_created


class PlinthConfig(AppConfig):
    name = "plinth"
    metrics = {
        "build": "plinth.metrics.collectors.build",
        "migrations": "plinth.metrics.collectors.migrations",
        "replicas": "plinth.metrics.collectors.replica_lag",
    }

    def ready(self) -> None:
        from . import checks, metrics, tracing  # noqa: F401 (checks are registered)
        from .database import query_cache
        from .logs import queries

        query_cache.register_tables()
        connection_created.connect(queries.instrument)
        if metrics.enabled():
            from .metrics.database import observe_query

            queries.observers.append(observe_query)
        if tracing.enabled():
            tracing.start()
