"""What is kept for a while: dropped when it changes, and computed once when many ask.

Both helpers fail open. Without an answer from the cache, which production's settings turn
into a miss, everything is computed: slower, never wrong, never an error. The in-process
cache of a machine without Redis knows only what its own process did.
"""

import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import cast

from django.core.cache import cache, caches
from django.db import transaction

# Seconds until a lock is taken for one that its holder left, and others stop to wait.
LOCK_SECONDS = 10
LOCK_POLL_SECONDS = 0.02


def version(name: str) -> str:
    """Return what changes whenever `bump(name)` is called: put it into a key.

    Take it before the data are read. Whoever reads old data then stores them under the
    old version, where nobody looks any more.
    """
    key = f"version:{name}"
    current = cache.get(key)
    if current is None:
        # Never a number counted from one: after a loss it would meet its old entries.
        cache.add(key, uuid.uuid4().hex, timeout=None)
        current = cache.get(key)
    return str(current or uuid.uuid4().hex)


def bump(name: str) -> None:
    """Drop all that is kept under this name's version, when the transaction commits."""
    new = uuid.uuid4().hex
    transaction.on_commit(partial(cache.set, f"version:{name}", new, timeout=None))
    transaction.on_commit(caches["process"].clear)


def get_or_compute[T](key: str, compute: Callable[[], T], timeout: int) -> T:
    """Return what is kept under a key, or compute it: one caller does, others wait.

    They wait for LOCK_SECONDS at most, and not at all without a cache; then each computes
    for itself. So this spares the database; it is no mutual exclusion.
    """
    if (kept := cache.get(key)) is not None:
        return cast("T", kept[0])
    lock, end = f"lock:{key}", time.monotonic() + LOCK_SECONDS
    while not cache.add(lock, 1, LOCK_SECONDS):
        time.sleep(LOCK_POLL_SECONDS)
        if (kept := cache.get(key)) is not None:
            return cast("T", kept[0])
        if cache.get(lock) is None or time.monotonic() > end:
            break
    try:
        value = compute()
        # In a tuple, so that None can be kept too.
        cache.set(key, (value,), timeout)
    finally:
        cache.delete(lock)
    return value
