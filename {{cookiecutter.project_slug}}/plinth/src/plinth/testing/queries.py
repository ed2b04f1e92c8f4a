"""Assertions about SQL: which queries a block makes, and which index answers one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext


@contextmanager
def queries() -> Iterator[list[str]]:
    """Collect the SQL of a block in a list, which is filled at the block's end."""
    sql: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield sql
    sql += [query["sql"] for query in captured]


def assert_index_used(queryset: QuerySet, index: str) -> None:
    """Assert that the database reads a query's rows by this index, and sorts none.

    PostgreSQL plans as for a table of some pages that has no statistics. Of the small
    table of a test it would read all rows, or take any index once autovacuum has seen it.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            table = connection.ops.quote_name(queryset.query.get_meta().db_table)
            with connection.cursor() as cursor:
                # Foreign keys that are yet to be checked would keep it from being emptied.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"TRUNCATE {table} CASCADE")
                for setting in ("seqscan", "sort", "bitmapscan"):
                    cursor.execute(f"SET LOCAL enable_{setting} = off")
        plan = queryset.explain()
        transaction.set_rollback(True)
    assert re.search(rf"\b{index}\b", plan), plan
    assert "TEMP B-TREE" not in plan, plan
    assert "Sort" not in plan, plan


def concurrent_indexes(app: str, migration: str) -> set[str]:
    """Return the indexes that a migration creates on PostgreSQL, each CONCURRENTLY.

    The statements are collected and not run, so any database will do. Raises
    AssertionError if one would block writes.
    """
    loader = MigrationLoader(None)
    node = loader.graph.nodes[app, migration]
    state = loader.project_state((app, migration), at_end=False)
    postgresql = DatabaseWrapper(connection.settings_dict | {"OPTIONS": {}}, "default")
    with postgresql.schema_editor(collect_sql=True, atomic=node.atomic) as editor:
        node.apply(state, editor, collect_sql=True)
    created = [sql for sql in editor.collected_sql if re.match("CREATE .*INDEX", sql)]
    for sql in created:
        assert sql.startswith("CREATE INDEX CONCURRENTLY"), sql
    assert not node.atomic, "CREATE INDEX CONCURRENTLY can't run in a transaction"
    return {sql.split()[3].strip('"') for sql in created}
