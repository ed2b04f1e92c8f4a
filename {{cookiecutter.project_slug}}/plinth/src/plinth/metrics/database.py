"""Duration of database queries, and the use of psycopg's pools."""

from django.conf import settings
from django.db import connections


def observe_query(alias: str, seconds: float) -> None:
    from .instruments import QUERIES

    QUERIES.labels(alias).observe(seconds)


def update_pools() -> None:
    """Set the gauges of this process's pools."""
    from .instruments import POOL

    for alias in settings.DATABASES:
        connection = connections[alias]
        if not connection.settings_dict["OPTIONS"].get("pool"):
            continue
        found = connection.pool.get_stats()  # type: ignore[attr-defined]
        opened = found["pool_size"]
        for state, value in {
            "max": found["pool_max"],
            "open": opened,
            "used": opened - found["pool_available"],
            "waiting": found["requests_waiting"],
        }.items():
            POOL.labels(alias, state).set(value)
