"""SQL of migrations for PostgreSQL, rendered without a server, and the locks that it takes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import NotSupportedError, connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations import Migration, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# Of a lock's mode, what it blocks in the meantime; the strongest first.
BLOCKS = {
    "ACCESS EXCLUSIVE": "blocks reads and writes",
    "SHARE ROW EXCLUSIVE": "blocks writes",
    "SHARE": "blocks writes",
    "SHARE UPDATE EXCLUSIVE": "blocks neither reads nor writes",
    "ROW EXCLUSIVE": "blocks writes of the same rows",
}
BLOCKING = {"ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE"}
# https://www.postgresql.org/docs/current/explicit-locking.html; the first that matches.
LOCKS = [
    (r"(CREATE|DROP) .*\bCONCURRENTLY\b", "SHARE UPDATE EXCLUSIVE"),
    (r"ALTER TABLE .*\bVALIDATE CONSTRAINT\b", "SHARE UPDATE EXCLUSIVE"),
    (r"ALTER TABLE .*\bADD CONSTRAINT \S+ FOREIGN KEY\b", "SHARE ROW EXCLUSIVE"),
    (r"CREATE (OR REPLACE )?TRIGGER\b", "SHARE ROW EXCLUSIVE"),
    (r"CREATE (UNIQUE )?INDEX\b", "SHARE"),
    (r"(ALTER|DROP) (TABLE|INDEX|TRIGGER)\b", "ACCESS EXCLUSIVE"),
    (r"(TRUNCATE|LOCK|CLUSTER|REINDEX|VACUUM FULL)\b", "ACCESS EXCLUSIVE"),
    (r"(INSERT|UPDATE|DELETE|MERGE)\b", "ROW EXCLUSIVE"),
]
TABLE = re.compile(
    r"\b(?:TABLE|ON|REFERENCES|UPDATE|INTO|FROM|TRUNCATE)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    r'(?:ONLY\s+)?(?:"([^"]+)"|(?!(?:TABLE|DELETE|UPDATE|CONFLICT|SET|ONLY)\b)([a-z_]\w*))',
    re.IGNORECASE,
)


FLAGS = re.IGNORECASE | re.DOTALL


def lock_of(sql: str) -> str:
    """Return the strongest lock on tables that a statement takes, or ""."""
    found = {
        next((lock for pattern, lock in LOCKS if re.match(pattern, part, FLAGS)), "")
        for part in map(str.strip, sql.split(";"))
    }
    return next((lock for lock in BLOCKS if lock in found), "")


def tables_of(sql: str) -> list[str]:
    """Return the tables that a statement names, the one that it changes first."""
    return list(dict.fromkeys(quoted or plain for quoted, plain in TABLE.findall(sql)))


@dataclass(frozen=True)
class Statement:
    """One statement of a migration; without SQL, the operation runs Python."""

    migration: Migration
    operation: Operation
    # The models before the operation.
    state: ProjectState
    sql: str = ""

    @property
    def tables(self) -> list[str]:
        return tables_of(self.sql)

    @property
    def lock(self) -> str:
        return lock_of(self.sql)


class OfflineEditor(DatabaseSchemaEditor):
    def execute(self, sql: Any, params: Any = ()) -> None:
        if params is not None:
            sql = str(sql) % tuple(map(self.quote_value, params))
        super().execute(sql, None)

    def _constraint_names(
        self, model: Any, column_names: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return a placeholder: Django asks the server for the name."""
        table = model._meta.db_table  # noqa: SLF001
        return ["_".join([table, *(column_names or []), "..."])]


class OfflineConnection(DatabaseWrapper):
    SchemaEditorClass = OfflineEditor
    pg_version = 17_00_00

    def __init__(self) -> None:
        super().__init__(connection.settings_dict | {"OPTIONS": {}}, connection.alias)

    def connect(self) -> None:
        raise NotSupportedError("The operation needs a server.")


def render(migration: Migration, state: ProjectState) -> Iterator[Statement]:
    """Yield the statements of a migration, and apply it to the state."""
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        done = [""]
        if operation.reduces_to_sql:
            try:
                with OfflineConnection().schema_editor(True, atomic=False) as editor:
                    operation.database_forwards(
                        migration.app_label, editor, before, state
                    )
                done = [sql for sql in editor.collected_sql if sql[:2] != "--"]
            except NotSupportedError:
                pass
        for sql in done:
            yield Statement(migration, operation, before, sql)


def flat(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield operations on the database, also those of SeparateDatabaseAndState."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation
