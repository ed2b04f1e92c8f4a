"""django-cachalot's query cache, for named tables only.

The names are in CACHALOT_ONLY_CACHABLE_TABLES and in AppConfigs: `cached_tables`.
"""

from hashlib import sha256

from django.apps import apps
from django.conf import settings
from django.db.models import Model


def register_tables() -> None:
    """Add the tables that apps name to CACHALOT_ONLY_CACHABLE_TABLES."""
    if not apps.is_installed("cachalot"):
        return
    from cachalot.settings import cachalot_settings

    tables = set(settings.CACHALOT_ONLY_CACHABLE_TABLES)
    for config in apps.get_app_configs():
        tables.update(getattr(config, "cached_tables", ()))
    settings.CACHALOT_ONLY_CACHABLE_TABLES = sorted(tables)
    # cachalot reads its settings once, in its own ready(): whichever runs first.
    cachalot_settings.load()


def is_cached(model: type[Model]) -> bool:
    """Whether the queries of a model are cached.

    They are routed to the primary: a lagging replica could return rows from before the
    write that has just invalidated them.
    """
    if not apps.is_installed("cachalot"):
        return False
    from cachalot.settings import cachalot_settings

    tables = cachalot_settings.CACHALOT_ONLY_CACHABLE_TABLES
    return model._meta.db_table in tables  # noqa: SLF001


def table_key(alias: str, table: str) -> str:
    """Return the cache key of a table's last write: the same for every database alias.

    All aliases lead to one database. With cachalot's own keys, a migration, which runs
    under the alias `direct`, would not invalidate what requests have cached.
    """
    return sha256(f"cachalot:{table}".encode()).hexdigest()
