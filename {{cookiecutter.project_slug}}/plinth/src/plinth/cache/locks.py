"""Locks in Redis, which only their owner releases."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import caches

logger = logging.getLogger(__name__)


class LockNotAcquired(Exception):  # noqa: N818 (the name says the state, as in redis-py)
    """Another holds the lock."""


@contextmanager
def lock(name: str, seconds: float) -> Iterator[None]:
    """Run a block under a lock; raise LockNotAcquired at once while another holds it.

    The lock expires after so many seconds, finished or not: allow more than the block
    takes. It fails closed: when Redis does not answer, its client's error is raised and
    the block does not run. Without REDIS_URL, the lock holds within one process.

    A Redis that fails over can forget a lock. What must never happen twice needs a
    constraint or a row lock in the database.
    """
    held = Lock(name, seconds)
    if not held.acquire():
        raise LockNotAcquired(name)
    try:
        yield
    finally:
        held.release()


class Lock:
    """One attempt to hold a lock: redis-py's, or a key of the in-process cache."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self.seconds = f"lock:{name}", seconds
        self.cache = caches["locks"]
        self.token = secrets.token_hex(16)
        self.redis = (
            self.cache.lock(self.name, timeout=seconds, blocking=False)
            if hasattr(self.cache, "lock")
            else None
        )

    def acquire(self) -> bool:
        if self.redis is not None:
            return bool(self.redis.acquire())
        return bool(self.cache.add(self.name, self.token, self.seconds))

    def release(self) -> None:
        """Release the lock if it is still ours; a failure is logged, and it expires."""
        try:
            if self.redis is not None:
                self.redis.release()
            elif self.cache.get(self.name) == self.token:
                self.cache.delete(self.name)
        except Exception:
            logger.exception("The lock %s was not released", self.name)
