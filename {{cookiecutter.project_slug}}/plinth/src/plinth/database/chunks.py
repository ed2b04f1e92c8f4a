"""Reading large results in chunks, in constant memory."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from . import routers


def iterate(queryset: QuerySet, chunk_size: int = 2_000) -> Iterator[Any]:
    """Yield the rows of a queryset, of which a chunk is in memory at a time.

    On PostgreSQL by a server-side cursor: in a transaction, without which the server
    would collect all rows first, and past PgBouncer, which has no cursors.
    """
    alias = routers.chunked(queryset.db)
    # On SQLite a transaction would block writers, and the cursor needs none.
    on_postgresql = transaction.get_connection(alias).vendor == "postgresql"
    with transaction.atomic(alias) if on_postgresql else nullcontext():
        yield from queryset.using(alias).iterator(chunk_size=chunk_size)
