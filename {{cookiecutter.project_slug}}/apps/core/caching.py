"""What is kept for a while: dropped when it changes, and computed once when many ask.

`version`, `bump` and `get_or_compute` fail open. Without an answer from the cache, which
production's settings turn into a miss, everything is computed: slower, never wrong, never
an error. `exclusive` fails closed. The in-process caches of a machine without Redis know
only what their own process did.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from django.core.cache import cache, caches
from django.db import transaction

from . import replicas, routers

logger = logging.getLogger(__name__)

# Seconds until a lock is taken for one that its holder left, and others stop to wait.
LOCK_SECONDS = 10
LOCK_POLL_SECONDS = 0.02


def version(name: str) -> str:
    """Return what changes whenever `bump(name)` is called: put it into a key.

    Take it before the data are read. Whoever reads old data then stores them under the
    old version, where nobody looks any more. While a replica may still have them, what is
    read from here on is read from the primary.
    """
    key = f"version:{name}"
    current = cache.get(key)
    if current is None:
        cache.add(key, stamp(), timeout=None)
        current = cache.get(key) or stamp()
    if time.time() - float(current.partition("-")[0]) < replicas.settling():
        routers.current().stay_on_primary()
    return str(current)


def bump(name: str) -> None:
    """Drop all that is kept under this name's version, when the transaction commits."""
    transaction.on_commit(lambda: cache.set(f"version:{name}", stamp(), timeout=None))
    transaction.on_commit(caches["process"].clear)


def stamp() -> str:
    """Return a version: when it began, and what no other has.

    Never a number counted from one: after a loss it would meet its old entries.
    """
    return f"{time.time():.3f}-{uuid.uuid4().hex}"


def get_or_compute[T](key: str, compute: Callable[[], T], timeout: int) -> T:
    """Return what is kept under a key, or compute it: one caller does, others wait.

    They wait for LOCK_SECONDS at most, and not at all where no lock is to be had; then
    each computes for itself. So this spares the database; it is no mutual exclusion.
    """
    mine, end = False, time.monotonic() + LOCK_SECONDS
    try:
        # Asked again under the lock, whose last holder may just have kept it.
        while (kept := cache.get(key)) is None and not mine and time.monotonic() < end:
            if not (mine := take(key)):
                time.sleep(LOCK_POLL_SECONDS)
        if kept is None:
            # In a tuple, so that None can be kept too.
            kept = (compute(),)
            cache.set(key, kept, timeout)
    finally:
        if mine:
            release(key, end)
    return cast("T", kept[0])


def take(key: str) -> bool:
    """Whether this caller is the first; where no lock is to be had, each one is."""
    try:
        return caches["locks"].add(key, 1, LOCK_SECONDS)
    except Exception:
        logger.exception("No lock is to be had")
        return True


def release(name: str, end: float) -> None:
    try:
        # After its end, or shortly before, it may be another's when this arrives.
        if time.monotonic() < end - 1:
            caches["locks"].delete(name)
    except Exception:
        logger.exception("A lock stays until it ends by itself")


class BusyError(Exception):
    """Another is at it."""


@contextmanager
def exclusive(name: str, seconds: int) -> Iterator[None]:
    """Run a block in one place at a time; raise BusyError while it runs elsewhere.

    The lock ends after so many seconds, done or not: take more than the block needs. When
    Redis does not answer, its client's error is raised and the block is not run, since
    nobody knows who else runs it. Without Redis, one process's threads exclude each other.
    A Redis that is restored or fails over may forget a lock: what must never happen twice
    the database has to refuse, by a constraint or a locked row.
    """
    end = time.monotonic() + seconds
    if not caches["locks"].add(name, 1, seconds):
        raise BusyError(name)
    try:
        yield
    finally:
        release(name, end)
