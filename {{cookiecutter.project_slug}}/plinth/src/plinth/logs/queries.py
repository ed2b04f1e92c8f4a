"""Database queries: their number and time in a request, and a log line for each slow one."""

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from .formatters import request_id

logger = logging.getLogger(__name__)

# Characters of a logged statement.
LENGTH = 2_000


class Tally:
    """The queries of one request."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0


tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


def current_tally() -> Tally:
    """Return the queries of this request so far; of this thread, outside of requests."""
    if not (found := tally.get()):
        tally.set(found := Tally())
    return found


# Called with the alias of the database and the seconds of each query.
observers: list[Callable[[str, float], None]] = []


def time_query(
    execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Wrapper of a query: see Django's "database instrumentation".

    A query that takes SLOW_QUERY_SECONDS (a setting, 0.5 by default) is logged without its
    parameters, which may be personal data.
    """
    start = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = time.perf_counter() - start
        alias = context["connection"].alias
        if request := tally.get():
            request.count += 1
            request.seconds += seconds
        for observe in observers:
            observe(alias, seconds)
        if seconds >= getattr(settings, "SLOW_QUERY_SECONDS", 0.5):
            facts = {
                "database": alias,
                "duration_ms": round(seconds * 1000, 1),
                "sql": str(sql)[:LENGTH],
            }
            logger.warning("slow query: %(duration_ms)s ms", facts, extra=facts)


def comment_query(
    execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Wrapper of a query: names the request, or the task, in the database server's own log.

    In front, since pg_stat_activity shows the first kilobyte of a query.
    """
    name = request_id.get()
    # A task's id is anything that its caller chose.
    if isinstance(sql, str) and re.fullmatch(r"[\w-]{8,64}", name, re.ASCII):
        sql = f"/* request_id={name} */ {sql}"
    return execute(sql, params, many, context)


def instrument(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receiver of `connection_created`, which is sent at each reconnection too."""
    if time_query not in connection.execute_wrappers:
        connection.execute_wrappers.append(time_query)
        # Within: the slow query's line has the id already.
        if connection.settings_dict.get("COMMENT_QUERIES"):
            connection.execute_wrappers.append(comment_query)
