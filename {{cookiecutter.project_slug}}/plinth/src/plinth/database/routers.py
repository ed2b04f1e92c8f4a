"""Database router: writes go to the primary, reads may go to a replica.

Reads use a replica in safe requests only, which `ReplicaMiddleware` marks. Tasks, commands
and POST requests read from the primary, since they are about to write.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.local import Local
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from . import query_cache, replicas

# The primary without a pooler: database/settings.py.
DIRECT = "direct"
# A new session must be found at once, or signing in signs the user out.
ON_PRIMARY = {"sessions"}


class Route:
    """Where one request or command reads, and whether it has written."""

    def __init__(
        self, *, may_use_replica: bool = False, to: str = DEFAULT_DB_ALIAS
    ) -> None:
        self.may_use_replica = may_use_replica
        self.to = to
        self.has_written = False
        self.replica = ""

    def read(self) -> str:
        """Return the alias for a read."""
        if not self.may_use_replica or connections[self.to].in_atomic_block:
            return self.to
        # One for the whole request: each replica lags differently.
        self.replica = self.replica or replicas.choose() or self.to
        return self.replica

    def pin_to_primary(self) -> None:
        """Read from the primary from now on."""
        self.may_use_replica, self.replica = False, ""

    def write(self) -> str:
        """Return the alias for a write; pin later reads to it."""
        self.has_written = True
        self.pin_to_primary()
        return self.to


# Of each thread, and of each task under ASGI.
local = Local()


def current_route() -> Route:
    """Return the route of this thread or asyncio task."""
    route: Route = getattr(local, "route", None) or Route()
    return route


@contextmanager
def routed(route: Route) -> Iterator[Route]:
    """Use a route within a block."""
    before, local.route = current_route(), route
    try:
        yield route
    finally:
        local.route = before


def chunked(alias: str) -> str:
    """Return the alias for `iterator()`: behind PgBouncer, it would fetch all rows.

    PgBouncer allows no server-side cursors, so `direct` serves there.
    """
    pooled = connections[alias].settings_dict["DISABLE_SERVER_SIDE_CURSORS"]
    return DIRECT if pooled else alias


class PrimaryReplicaRouter:
    """Routes by the current route.

    It always returns an alias: on None, Django would save an object to the database that
    it was read from, a replica.
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        if model._meta.app_label in ON_PRIMARY or query_cache.is_cached(model):  # noqa: SLF001
            return current_route().to
        return current_route().read()

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return current_route().write()

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """All aliases are copies of one database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db not in replicas.aliases()
