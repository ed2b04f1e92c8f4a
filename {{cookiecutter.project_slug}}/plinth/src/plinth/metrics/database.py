"""Number and duration of database queries, and the use of psycopg's pools."""

import time
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


class Tally:
    """The queries of one request."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0


tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


def time_query(
    execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Wrapper of a query: see Django's "database instrumentation"."""
    from .instruments import QUERIES

    start = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = time.perf_counter() - start
        QUERIES.labels(context["connection"].alias).observe(seconds)
        if request := tally.get():
            request.count += 1
            request.seconds += seconds


def instrument(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receiver of `connection_created`, which is sent at each reconnection too."""
    if time_query not in connection.execute_wrappers:
        connection.execute_wrappers.append(time_query)


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
