"""Migration operations that block no requests on PostgreSQL, and run on SQLite too.

docs/databases.md shows them at work. An operation that is marked as online needs `atomic =
False` in its migration; after a failure, it can run again.
"""

from typing import Any

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    NotInTransactionMixin,
)
from django.db.migrations import (
    AddConstraint,
    AddIndex,
    AlterField,
    RemoveField,
    RunSQL,
)
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.models import CheckConstraint, Q


def on_postgresql(schema_editor: Any) -> bool:
    return bool(schema_editor.connection.vendor == "postgresql")


def meta(model: Any) -> Any:
    return model._meta  # noqa: SLF001


def execute(schema_editor: Any, sql: str, **names: str) -> None:
    quoted = {key: schema_editor.quote_name(name) for key, name in names.items()}
    schema_editor.execute(sql.format(**quoted), params=None)


class AddIndexOnline(AddIndexConcurrently):
    """CREATE INDEX CONCURRENTLY on PostgreSQL, which blocks no writes; AddIndex elsewhere.

    The migration must have `atomic = False`.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, *args: Any) -> None:
        online = on_postgresql(schema_editor)
        operation = AddIndexConcurrently if online else AddIndex
        if online:
            self._ensure_not_in_transaction(schema_editor)
            # An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index.
            drop = "DROP INDEX CONCURRENTLY IF EXISTS {name}"
            execute(schema_editor, drop, name=self.index.name)
        operation.database_forwards(self, app_label, schema_editor, *args)

    def database_backwards(
        self, app_label: str, schema_editor: Any, *args: Any
    ) -> None:
        online = on_postgresql(schema_editor)
        operation = AddIndexConcurrently if online else AddIndex
        operation.database_backwards(self, app_label, schema_editor, *args)


class OnlineMixin(NotInTransactionMixin, Operation):
    """On PostgreSQL `online()`, elsewhere the operation of Django."""

    model_name: str

    def online(self, schema_editor: Any, model: Any) -> None:
        raise NotImplementedError

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not on_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(schema_editor.connection.alias, model):
            self._ensure_not_in_transaction(schema_editor)
            self.online(schema_editor, model)

    def check(self, schema_editor: Any, add: str, **names: str) -> None:
        """Add a CHECK constraint, and read the rows without a lock that blocks writes."""
        drop = "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"
        execute(schema_editor, drop, **names)
        execute(schema_editor, f"{add} NOT VALID", **names)
        validate = "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
        execute(schema_editor, validate, **names)


class AddConstraintOnline(OnlineMixin, AddConstraint):
    """A CHECK or UNIQUE constraint; online.

    A CHECK is added NOT VALID and then validated. The index of a UNIQUE is created
    CONCURRENTLY.
    """

    def online(self, schema_editor: Any, model: Any) -> None:
        table, name = meta(model).db_table, self.constraint.name
        sql: Any = self.constraint.create_sql(model, schema_editor)
        if isinstance(self.constraint, CheckConstraint):
            literal = str(sql).replace("{", "{{").replace("}", "}}")
            self.check(schema_editor, literal, table=table, name=name)
            return
        as_constraint = sql.template == schema_editor.sql_create_unique
        sql.template = schema_editor.sql_create_unique_index.replace(
            "INDEX", "INDEX CONCURRENTLY"
        )
        drop = "DROP INDEX CONCURRENTLY IF EXISTS {name}"
        execute(schema_editor, drop, name=name)
        schema_editor.execute(str(sql), params=None)
        if as_constraint:
            use = "ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}"
            deferrable = sql.parts["deferrable"]
            execute(schema_editor, f"{use}{deferrable}", table=table, name=name)


class SetNotNull(OnlineMixin, AlterField):
    """AlterField from null to NOT NULL, which changes nothing else of the field; online.

    PostgreSQL takes a valid CHECK for a proof, and reads no rows under its lock. There must
    be no NULL left: `Backfill` comes before.
    """

    def online(self, schema_editor: Any, model: Any) -> None:
        table, column = meta(model).db_table, meta(model).get_field(self.name).column
        names = {"table": table, "column": column, "name": f"{column}_not_null"}
        add = "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL)"
        self.check(schema_editor, add, **names)
        execute(
            schema_editor,
            "ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL, "
            "DROP CONSTRAINT {name}",
            **names,
        )


class Backfill(Operation):
    """UPDATE of existing rows in batches, each a transaction of its own.

    `Backfill("product", {"title": F("name")}, where=Q(title=None))`. The migration must have
    `atomic = False`. After an interruption it continues with the rows that `where` still
    finds. Of another database than PostgreSQL the same. Reversed, it does nothing.
    """

    reduces_to_sql = False
    reversible = True
    elidable = True
    category = OperationCategory.PYTHON

    def __init__(
        self, model_name: str, values: dict[str, Any], where: Q, batch: int = 1000
    ) -> None:
        self.model_name, self.values = model_name, values
        self.where, self.batch = where, batch

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        alias = schema_editor.connection.alias
        if not self.allow_migrate_model(alias, model):
            return
        rows = meta(model).base_manager.using(alias).order_by("pk")
        left, last = rows.filter(self.where), None
        while keys := left.values_list("pk", flat=True)[: self.batch]:
            first, last = keys[0], list(keys)[-1]
            rows.filter(self.where, pk__range=(first, last)).update(**self.values)
            left = rows.filter(self.where, pk__gt=last)

    def database_backwards(self, *args: Any) -> None:
        pass

    def describe(self) -> str:
        return f"Fill {', '.join(self.values)} of {self.model_name}"


class SyncColumns(Operation):
    """A trigger on PostgreSQL that copies each write of one column to the other.

    For the releases between the old and the new name of a column: `SyncColumns("product",
    "name", "title")`. Neither column may have a default in the database, and the new one is
    NULL where it was not written. Nothing on other databases, which serve one release.
    """

    reversible = True
    category = OperationCategory.SQL

    def __init__(self, model_name: str, old: str, new: str) -> None:
        self.model_name, self.old, self.new = model_name, old, new

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def create(self, schema_editor: Any, table: str) -> None:
        for sql in (SYNC_FUNCTION, SYNC_TRIGGER):
            self.execute(schema_editor, sql, table)

    def drop(self, schema_editor: Any, table: str) -> None:
        self.execute(schema_editor, "DROP TRIGGER IF EXISTS {name} ON {table}", table)
        self.execute(schema_editor, "DROP FUNCTION IF EXISTS {name}()", table)

    def execute(self, schema_editor: Any, sql: str, table: str) -> None:
        if on_postgresql(schema_editor):
            name = f"sync_{table}_{self.new}"[:63]
            names = {"table": table, "name": name, "old": self.old, "new": self.new}
            execute(schema_editor, sql, **names)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self.create(schema_editor, meta(model).db_table)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self.drop(schema_editor, meta(model).db_table)

    def describe(self) -> str:
        return f"Copy writes between {self.old} and {self.new} of {self.model_name}"


class StopSyncColumns(SyncColumns):
    """The end of SyncColumns, with the same arguments."""

    create, drop = SyncColumns.drop, SyncColumns.create

    def describe(self) -> str:
        return f"Copy no more writes between {self.old} and {self.new}"


# A write of the old release has the old column alone, one of the new release the new one.
SYNC_FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.{new} := coalesce(NEW.{new}, NEW.{old});
        NEW.{old} := coalesce(NEW.{old}, NEW.{new});
    ELSIF NEW.{old} IS DISTINCT FROM OLD.{old} THEN NEW.{new} := NEW.{old};
    ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN NEW.{old} := NEW.{new};
    END IF;
    RETURN NEW;
END $$
"""
SYNC_TRIGGER = (
    "CREATE OR REPLACE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION {name}()"
)


class RetireField(RemoveField):
    """Removal of a field from the models; on PostgreSQL its column stays, and may be NULL.

    The releases before and after run on it. `DropColumn` follows in a later release. Other
    databases, which serve one release, lose the column at once.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if not on_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        self.alter(schema_editor, from_state.apps.get_model(app_label, self.model_name))

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if not on_postgresql(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        self.alter(schema_editor, model, "SET NOT NULL")

    def alter(
        self, schema_editor: Any, model: Any, change: str = "DROP NOT NULL"
    ) -> None:
        field = meta(model).get_field(self.name)
        alias = schema_editor.connection.alias
        if not field.null and self.allow_migrate_model(alias, model):
            sql = f"ALTER TABLE {{table}} ALTER COLUMN {{column}} {change}"
            names = {"table": meta(model).db_table, "column": field.column}
            execute(schema_editor, sql, **names)

    def describe(self) -> str:
        return f"Retire field {self.name} of {self.model_name}"


class DropColumn(Operation):
    """DROP COLUMN on PostgreSQL, of a field that an earlier release has retired.

    It can't be reversed.
    """

    reversible = False
    category = OperationCategory.REMOVAL

    def __init__(self, model_name: str, column: str) -> None:
        self.model_name, self.column = model_name, column

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        allowed = self.allow_migrate_model(schema_editor.connection.alias, model)
        if allowed and on_postgresql(schema_editor):
            drop = "ALTER TABLE {table} DROP COLUMN IF EXISTS {column}"
            names = {"table": meta(model).db_table, "column": self.column}
            execute(schema_editor, drop, **names)

    def describe(self) -> str:
        return f"Drop column {self.column} of {self.model_name}"


class RunPostgreSQL(RunSQL):
    """RunSQL on PostgreSQL; nothing on other databases."""

    def database_forwards(self, app_label: str, schema_editor: Any, *args: Any) -> None:
        if on_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, *args)

    def database_backwards(
        self, app_label: str, schema_editor: Any, *args: Any
    ) -> None:
        if on_postgresql(schema_editor):
            super().database_backwards(app_label, schema_editor, *args)
