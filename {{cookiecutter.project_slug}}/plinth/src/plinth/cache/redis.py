"""How this site talks to Redis, beyond what django-redis does."""

import time
from typing import Any

from django_redis.client import DefaultClient
from redis import ConnectionPool, exceptions

# Seconds that a server which did not answer is left alone.
PAUSE = 5


class CircuitBreakerPool(ConnectionPool):
    """Connections to a server that is left alone for a while when it does not answer.

    A server that takes connections and says nothing would else cost a page the time-out
    again for each thing that it asks.
    """

    paused_until = 0.0

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < self.paused_until:
            raise exceptions.ConnectionError(
                f"Redis did not answer: a pause of {PAUSE} s"
            )
        try:
            return super().get_connection(*args, **kwargs)
        except (exceptions.ConnectionError, exceptions.TimeoutError):
            self.paused_until = time.monotonic() + PAUSE
            raise


class SharedServerClient(DefaultClient):  # type: ignore[misc]
    """A client for a server that others use too: caches, sessions, locks, a broker.

    `clear` takes the keys of its own cache; django-redis's would empty the database. It
    reads the names of all keys for that, so it is for a person's hand, not for a page.
    """

    def clear(self, client: Any = None) -> None:
        self.delete_pattern("*", client=client, itersize=1_000)
