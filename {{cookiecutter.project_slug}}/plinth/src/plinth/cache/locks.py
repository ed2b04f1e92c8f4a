"""Locks in Redis with an owner token: only the holder releases a lock."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import caches
from redis.exceptions import LockNotOwnedError

logger = logging.getLogger(__name__)


class LockNotAcquired(Exception):  # noqa: N818 (a state, and not always an error)
    """Another process or thread holds the lock."""


@contextmanager
def lock(name: str, seconds: float) -> Iterator[None]:
    """Run a block under a lock; raise LockNotAcquired at once while another holds it.

    The lock expires after `seconds`, more than 0, even if the block still runs: allow more
    than it takes. Fails closed: when Redis does not answer, its client's error is raised
    and the block does not run. Without REDIS_URL, the lock holds within one process.

    A Redis that fails over can lose a lock. What must never happen twice needs a
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
        if seconds <= 0:  # redis-py takes 0 for a lock that never expires
            raise ValueError("a lock expires after more than 0 seconds")
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
        """Release the lock; log when it has expired, or when Redis does not answer."""
        try:
            if self.redis is not None:
                self.redis.release()
            elif self.cache.get(self.name) == self.token:
                self.cache.delete(self.name)
            else:
                raise LockNotOwnedError  # noqa: TRY301 (as redis-py)
        except LockNotOwnedError:
            logger.warning(
                "%s expired after %s s, before its block ended", self.name, self.seconds
            )
        except Exception:
            logger.exception(
                "%s was not released: it expires within %s s", self.name, self.seconds
            )
