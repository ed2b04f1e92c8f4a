"""Migration operations for PostgreSQL that run on SQLite too."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex, RunSQL


class AddIndexOnline(AddIndexConcurrently):
    """CREATE INDEX CONCURRENTLY on PostgreSQL, which blocks no writes; AddIndex elsewhere.

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
    """RunSQL on PostgreSQL; nothing on other databases."""

    def database_forwards(self, app_label: str, schema_editor: Any, *args: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, *args)

    def database_backwards(
        self, app_label: str, schema_editor: Any, *args: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, *args)
