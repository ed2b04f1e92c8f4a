"""Redis client: circuit breaker for a server that does not answer, `clear` by prefix."""

import logging
import time
from typing import Any

from django_redis.client import DefaultClient
from redis import ConnectionPool, exceptions

# Seconds that the circuit breaker stays open.
OPEN_SECONDS = 5


class CircuitOpenError(exceptions.ConnectionError):
    """The circuit breaker is open: nothing was sent to the server."""


class CircuitBreakerPool(ConnectionPool):
    """A connection pool that opens for OPEN_SECONDS when the server does not answer.

    While it is open, commands fail at once. Without it, a server that accepts connections
    and sends nothing would cost a request one time-out per command.
    """

    open_until = 0.0

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < self.open_until:
            raise CircuitOpenError(
                f"Redis did not answer: the circuit breaker is open for {OPEN_SECONDS} s"
            )
        try:
            return super().get_connection(*args, **kwargs)
        except (exceptions.ConnectionError, exceptions.TimeoutError):
            self.open_until = time.monotonic() + OPEN_SECONDS
            raise


def one_line(record: logging.LogRecord) -> bool:
    """Filter of django-redis's log: one line without a traceback as the breaker opens."""
    error = record.exc_info[1] if record.exc_info else None
    if error and isinstance(error.__cause__, CircuitOpenError):
        return False
    record.msg, record.args, record.exc_info = "%s", (error or record.msg,), None
    return True


logging.getLogger("django_redis.cache").addFilter(one_line)


class SharedServerClient(DefaultClient):  # type: ignore[misc]
    """A client whose server holds other caches, locks or a broker too.

    `clear` deletes the keys of its own cache; django-redis's flushes the database. It
    scans all keys, so it is for a command, not for a request.
    """

    def clear(self, client: Any = None) -> None:
        self.delete_pattern("*", client=client, itersize=1_000)
