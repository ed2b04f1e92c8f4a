"""Protection against a cache stampede: one caller computes an expired value."""

import logging
import time
from collections.abc import Callable
from typing import cast

from django.core.cache import cache

from . import locks

logger = logging.getLogger(__name__)

# Seconds that a caller waits for another's result, and after which the lock expires.
LOCK_SECONDS = 10
POLL_SECONDS = 0.02


def get_or_set[T](key: str, compute: Callable[[], T], timeout: int) -> T:
    """Return the cached value of a key; on a miss, compute it in one caller.

    The others wait for LOCK_SECONDS at most, and not at all when the lock's server does
    not answer; then each computes the value. This limits the load on the database; it is
    no mutual exclusion, which `locks.lock` gives. None is cached too. `timeout` is in
    seconds.
    """
    lock, end = locks.Lock(key, LOCK_SECONDS), time.monotonic() + LOCK_SECONDS
    acquired = False
    try:
        # Read again under the lock: its last holder may have just set the value.
        while (
            (cached := cache.get(key)) is None
            and not acquired
            and time.monotonic() < end
        ):
            try:
                acquired = lock.acquire()
            except Exception:
                logger.exception("%s can't be acquired: its server fails", lock.name)
                break
            if not acquired:
                time.sleep(POLL_SECONDS)
        if cached is None:
            # In a tuple, so that None is a value.
            cached = (compute(),)
            cache.set(key, cached, timeout)
    finally:
        if acquired:
            lock.release()
    return cast("T", cached[0])
