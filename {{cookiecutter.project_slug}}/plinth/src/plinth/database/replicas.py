"""Health of the read replicas: each answers, and lags no more than a limit.

No request waits for a health check. After a response has been sent, one process of all
that share the cache checks each replica, once in CHECK_SECONDS; the others read the health
state from the cache, once in LOCAL_SECONDS. Without Redis each process checks. A replica
of unknown state is unhealthy.
"""

import logging
import math
import random
import time

from django.conf import settings
from django.core.cache import cache
from django.core.signals import request_finished
from django.db import Error, connections

logger = logging.getLogger(__name__)

CHECK_SECONDS = 5
LOCAL_SECONDS = 1
# A health state expires when no process renews it.
STATE_SECONDS = 3 * CHECK_SECONDS

# Seconds behind the primary. A replica that has replayed all it received is up to date,
# however long ago the last transaction was, if it is still receiving.
LAG = """
SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN 0
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
        AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
    ELSE EXTRACT(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp())
END
"""

# By alias: whether it is healthy, and until when (time.monotonic) this process knows.
states: dict[str, tuple[bool, float]] = {}
# By alias: when this process may check it again (time.monotonic).
next_checks: dict[str, float] = {}


def aliases() -> list[str]:
    return [alias for alias in settings.DATABASES if alias.startswith("replica_")]


def replication_window() -> int:
    """Return the seconds after which a write is in every healthy replica."""
    return int(settings.DATABASE_REPLICA_MAX_LAG) + CHECK_SECONDS


def choose() -> str:
    """Return a healthy replica at random; empty if there is none."""
    healthy = list(filter(is_healthy, aliases()))
    return random.choice(healthy) if healthy else ""  # noqa: S311


def is_healthy(alias: str) -> bool:
    healthy, until = states.get(alias, (False, 0.0))
    now = time.monotonic()
    if now > until:
        healthy = cache.get(f"replica:{alias}", default=False)
        states[alias] = healthy, now + LOCAL_SECONDS
    return healthy


def set_health(alias: str, *, healthy: bool) -> None:
    if healthy != is_healthy(alias):
        logger.warning("%s is %s", alias, "healthy" if healthy else "unhealthy")
    states[alias] = healthy, time.monotonic() + STATE_SECONDS
    cache.set(f"replica:{alias}", healthy, STATE_SECONDS)


def lag(alias: str) -> float:
    """Return the seconds that a replica lags; infinity if it can't say.

    Raises django.db.Error if it does not answer.
    """
    connection = connections[alias]
    try:
        with connection.cursor() as cursor:
            cursor.execute(LAG if connection.vendor == "postgresql" else "SELECT 0")
            [seconds] = cursor.fetchone()
            return math.inf if seconds is None else float(seconds)
    finally:
        # Back to its pool: this thread may not need it again.
        connection.close_if_unusable_or_obsolete()


def check(alias: str) -> None:
    """Check a replica now."""
    try:
        healthy = lag(alias) <= settings.DATABASE_REPLICA_MAX_LAG
    except Error as error:
        logger.warning("%s does not answer: %s", alias, error)
        healthy = False
    set_health(alias, healthy=healthy)


def check_due(**kwargs: object) -> None:
    """Check each replica that no process has checked for CHECK_SECONDS."""
    for alias in aliases():
        now = time.monotonic()
        if now < next_checks.get(alias, 0):
            continue
        next_checks[alias] = now + CHECK_SECONDS
        key = f"replica-check:{alias}"
        # A cache that is down stores nothing and returns nothing.
        if cache.add(key, 1, CHECK_SECONDS) or cache.get(key) is None:
            check(alias)


request_finished.connect(check_due)
