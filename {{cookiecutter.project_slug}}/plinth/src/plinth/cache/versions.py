"""Versioned cache keys: one write invalidates every entry under a name.

Both functions fail open: when the cache does not answer, each call returns a version of
its own, so nothing stale is served. Without REDIS_URL, a process sees its own writes only.
"""

import time
import uuid

from django.core.cache import cache, caches
from django.db import transaction

from plinth.database import replicas, routers


def current(name: str) -> str:
    """Return the current version of a name, to be part of a cache key.

    Call it before the data are read: data that a concurrent write has outdated are then
    cached under the old version, where nothing looks for them. During the replication
    window after an invalidation, the rest of the request reads from the primary.
    """
    key = f"version:{name}"
    version = cache.get(key)
    if version is None:
        cache.add(key, new_version(), timeout=None)
        version = cache.get(key) or new_version()
    if time.time() - float(version.partition("-")[0]) < replicas.replication_window():
        routers.current_route().pin_to_primary()
    return str(version)


def invalidate(name: str) -> None:
    """Start a new version at commit; clear the `process` cache of this process."""
    transaction.on_commit(
        lambda: cache.set(f"version:{name}", new_version(), timeout=None)
    )
    transaction.on_commit(caches["process"].clear)


def new_version() -> str:
    """Return the time and a random part.

    Not a counter: one that restarts after an eviction would find its old entries again.
    """
    return f"{time.time():.3f}-{uuid.uuid4().hex}"
