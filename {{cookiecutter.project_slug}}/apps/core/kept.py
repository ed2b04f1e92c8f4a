"""What cachalot keeps: queries of the tables that CACHALOT_ONLY_CACHABLE_TABLES names."""

from hashlib import sha256

from django.apps import apps
from django.conf import settings
from django.db.models import Model


def holds(model: type[Model]) -> bool:
    """Whether its queries are kept, so that they go to the primary: a replica may still
    answer with what was there before the write that has just dropped them.
    """
    return (
        apps.is_installed("cachalot")
        and model._meta.db_table in settings.CACHALOT_ONLY_CACHABLE_TABLES  # noqa: SLF001
    )


def table_key(alias: str, table: str) -> str:
    """Return where the time of a table's last write is kept: one for all aliases.

    They lead to one database. With cachalot's own keys, a migration, which goes past the
    pooler by an alias of its own, would drop nothing that a page has kept.
    """
    return sha256(f"cachalot:{table}".encode()).hexdigest()
