"""Which database serves a query: writes go to the primary, reads may go to a replica.

They may in a request that changes nothing, which `ReplicaMiddleware` says; a task, a
command and a request by POST read from the primary, since they are about to write.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.local import Local
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from . import query_cache, replicas

# Past a pooler, see plinth/src/plinth/database/settings.py.
DIRECT = "direct"
# A session that was just made must be found, or somebody is signed out by signing in.
ON_PRIMARY = {"sessions"}


class Route:
    """Of one request, or of one command: where it reads, and whether it has written."""

    def __init__(
        self, *, may_use_replica: bool = False, to: str = DEFAULT_DB_ALIAS
    ) -> None:
        self.may_use_replica = may_use_replica
        self.to = to
        self.has_written = False
        self.replica = ""

    def read(self) -> str:
        if not self.may_use_replica or connections[self.to].in_atomic_block:
            return self.to
        # The same one for the whole request, since each is behind by its own.
        self.replica = self.replica or replicas.choose() or self.to
        return self.replica

    def pin_to_primary(self) -> None:
        self.may_use_replica, self.replica = False, ""

    def write(self) -> str:
        """From here on, what is read may be what was written."""
        self.has_written = True
        self.pin_to_primary()
        return self.to


# Of each thread, and of each task under ASGI.
local = Local()


def current() -> Route:
    route: Route = getattr(local, "route", None) or Route()
    return route


@contextmanager
def routed(route: Route) -> Iterator[Route]:
    """Take this route until the end of the block."""
    before, local.route = current(), route
    try:
        yield route
    finally:
        local.route = before


def chunked(alias: str) -> str:
    """Return where rows can be read in chunks: behind PgBouncer they would all come."""
    pooled = connections[alias].settings_dict["DISABLE_SERVER_SIDE_CURSORS"]
    return DIRECT if pooled else alias


class PrimaryReplicaRouter:
    """Always names a database: without, Django takes the one that an object came from,
    and would save it to a replica.
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        if model._meta.app_label in ON_PRIMARY or query_cache.is_cached(model):  # noqa: SLF001
            return current().to
        return current().read()

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return current().write()

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Whatever copies they were read from, they are of one database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db not in replicas.aliases()
