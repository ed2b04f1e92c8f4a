"""Operations for migrations that do more on PostgreSQL and still run on SQLite."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex, RunSQL


class AddIndexOnline(AddIndexConcurrently):
    """Add an index while others write, on PostgreSQL; plainly elsewhere.

    The migration must have `atomic = False`.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, *args: Any) -> None:
        online = schema_editor.connection.vendor == "postgresql"
        operation = AddIndexConcurrently if online else AddIndex
        operation.database_forwards(self, app_label, schema_editor, *args)

    def database_backwards(
        self, app_label: str, schema_editor: Any, *args: Any
    ) -> None:
        online = schema_editor.connection.vendor == "postgresql"
        operation = AddIndexConcurrently if online else AddIndex
        operation.database_backwards(self, app_label, schema_editor, *args)


class RunPostgreSQL(RunSQL):
    """Run SQL that only PostgreSQL knows, and nothing elsewhere."""

    def database_forwards(self, app_label: str, schema_editor: Any, *args: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, *args)

    def database_backwards(
        self, app_label: str, schema_editor: Any, *args: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, *args)
