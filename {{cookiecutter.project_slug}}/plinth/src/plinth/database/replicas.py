"""Which replicas are fit to serve: they answer, and are not far behind the primary.

No request waits to find out. After a response has gone out, each replica is asked whether
it is, once in CHECK_SECONDS by one process of all that share the cache; the others take
the verdict from there, once in MEMORY_SECONDS. Without Redis each process asks for itself.
One that nobody knows of is not fit.
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
MEMORY_SECONDS = 1
# A verdict that nobody renews is worth nothing after a while.
VERDICT_SECONDS = 3 * CHECK_SECONDS

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

# What this process knows: whether a replica is fit, and until when that holds.
verdicts: dict[str, tuple[bool, float]] = {}
# When this process may ask a replica again.
due: dict[str, float] = {}


def aliases() -> list[str]:
    return [alias for alias in settings.DATABASES if alias.startswith("replica_")]


def replication_window() -> int:
    """Return the seconds until a write is in every replica that still serves."""
    return int(settings.DATABASE_REPLICA_MAX_LAG) + CHECK_SECONDS


def choose() -> str:
    """Return any of the replicas that are fit; an empty text if none is."""
    fit = list(filter(is_healthy, aliases()))
    return random.choice(fit) if fit else ""  # noqa: S311


def is_healthy(alias: str) -> bool:
    fit, until = verdicts.get(alias, (False, 0.0))
    now = time.monotonic()
    if now > until:
        fit = cache.get(f"replica:{alias}", default=False)
        verdicts[alias] = fit, now + MEMORY_SECONDS
    return fit


def judge(alias: str, *, fit: bool) -> None:
    if fit != is_healthy(alias):
        logger.warning("%s %s", alias, "serves" if fit else "serves no more")
    verdicts[alias] = fit, time.monotonic() + VERDICT_SECONDS
    cache.set(f"replica:{alias}", fit, VERDICT_SECONDS)


def lag(alias: str) -> float:
    """Return how many seconds a replica is behind, infinity if it can't say.

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
    try:
        fit = lag(alias) <= settings.DATABASE_REPLICA_MAX_LAG
    except Error as error:
        logger.warning("%s does not answer: %s", alias, error)
        fit = False
    judge(alias, fit=fit)


def check_due(**kwargs: object) -> None:
    for alias in aliases():
        now = time.monotonic()
        if now < due.get(alias, 0):
            continue
        due[alias] = now + CHECK_SECONDS
        key = f"replica-asked:{alias}"
        # A cache that is down takes nothing and has nothing.
        if cache.add(key, 1, CHECK_SECONDS) or cache.get(key) is None:
            check(alias)


request_finished.connect(check_due)
