from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.utils.text import Truncator

from plinth.database.executor import runs_after
from plinth.database.routers import DIRECT
from plinth.database.statements import BLOCKS, Statement, render
from plinth.practices import migration_lint

SIZE = """
SELECT greatest(reltuples, 0)::bigint, pg_size_pretty(pg_total_relation_size(oid))
FROM pg_class WHERE oid = to_regclass(quote_ident(%s))
"""


class Command(BaseCommand):
    """The unapplied migrations: SQL for PostgreSQL, locks, sizes, and what is unsafe."""

    help = (
        "Show the SQL, locks and risks of the unapplied migrations; runs none of them."
    )

    def handle(self, **options: Any) -> None:
        connection = connections[DIRECT if DIRECT in connections else "default"]
        executor = MigrationExecutor(connection)
        loader = executor.loader
        plan = executor.migration_plan(loader.graph.leaf_nodes())
        applied = [
            key for key in loader.applied_migrations if key in loader.graph.nodes
        ]
        state = loader.project_state(applied)
        statements = [
            statement for migration, _ in plan for statement in render(migration, state)
        ]
        new = {(migration.app_label, migration.name) for migration, _ in plan}
        findings = migration_lint.lint(loader, new)
        for migration, _ in plan:
            phase = " (after the deployment)" if runs_after(migration) else ""
            self.stdout.write(self.style.MIGRATE_HEADING(f"{migration}{phase}"))
            for statement in statements:
                if statement.migration is migration:
                    self.show(statement, connection)
            for finding in findings:
                if finding.migration is migration:
                    self.stdout.write(self.style.WARNING(f"  Unsafe: {finding}"))
        self.stdout.write("" if plan else "All migrations are applied.")
        if connection.vendor != "postgresql":
            self.stdout.write(
                "The SQL is PostgreSQL's; this database is not: it has the numbers of rows."
            )
        if not migration_lint.program():
            self.stdout.write("squawk is missing, so most rules are: make .venv/lint")

    def show(self, statement: Statement, connection: BaseDatabaseWrapper) -> None:
        sql = statement.sql or f"-- {statement.operation.describe()} (no SQL)"
        self.stdout.write(f"  {Truncator(' '.join(sql.split())).chars(200)}")
        lock, tables = statement.lock, statement.tables
        if lock and (not tables or exists(tables[0], connection)):
            sizes = " and ".join(size(name, connection) for name in tables)
            self.stdout.write(f"    {lock} on {sizes or 'its table'}: {BLOCKS[lock]}")


def exists(table: str, connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        return table in connection.introspection.table_names(cursor)


def size(table: str, connection: BaseDatabaseWrapper) -> str:
    """Return the name of a table, its rows and, on PostgreSQL, its size on disk."""
    if not exists(table, connection):
        return f"{table} (new)"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(SIZE, [table])
            rows, bytes_on_disk = cursor.fetchone()
            return f"{table} ({rows:,} rows, {bytes_on_disk})"
        name = connection.ops.quote_name(table)
        cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608
        return f"{table} ({cursor.fetchone()[0]:,} rows)"
