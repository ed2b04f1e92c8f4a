"""Bulk insert-or-update, one statement a batch: COPY on PostgreSQL, the ORM elsewhere.

COPY takes rows as they are, where the ORM makes an object of each and a parameter of each
value, which takes most of an import's time.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple, cast

from django.db import connections, router, transaction
from django.db.models import Field, Model

BATCH_SIZE = 5_000

# The table lives as long as the transaction, which suits PgBouncer too.
CREATE = """
CREATE TEMPORARY TABLE {batch} ON COMMIT DROP AS
SELECT {copied} FROM {table} WITH NO DATA
"""
COPY = "COPY {batch} FROM STDIN"
MERGE = """
INSERT INTO {table} ({columns}) SELECT {values} FROM {batch}
ON CONFLICT ({unique}) DO UPDATE SET {changes}
"""
DROP = "DROP TABLE {batch}"


def upsert(
    model: type[Model],
    fields: Sequence[str],
    rows: Collection[Sequence[Any]],
    *,
    unique_fields: Collection[str],
) -> None:
    """Insert rows, and update those whose unique fields are known.

    Rows hold the values of `fields`, which are attribute names (`category_id`), as text,
    numbers, times or None. No two rows may have the same unique fields. A new row gets
    the defaults of the other fields, an existing one keeps them. As with bulk_create,
    save() is not called and no signal is sent. A primary key that the database does not
    generate must be among the fields.
    """
    if not rows:
        return
    database = router.db_for_write(model)
    write = copy if connections[database].vendor == "postgresql" else create
    with transaction.atomic(database):
        write(database, Target(model, fields, unique_fields), rows)


class Target(NamedTuple):
    model: type[Model]
    fields: Sequence[str]
    unique_fields: Collection[str]

    @property
    def update_fields(self) -> list[str]:
        return [name for name in self.fields if name not in self.unique_fields]


def create(database: str, target: Target, rows: Collection[Sequence[Any]]) -> None:
    model = target.model
    model._default_manager.using(database).bulk_create(  # noqa: SLF001
        [model(**dict(zip(target.fields, row, strict=True))) for row in rows],
        batch_size=BATCH_SIZE,
        update_conflicts=True,
        unique_fields=target.unique_fields,
        update_fields=target.update_fields,
    )


def copy(database: str, target: Target, rows: Collection[Sequence[Any]]) -> None:
    connection = connections[database]
    meta, quote = target.model._meta, connection.ops.quote_name  # noqa: SLF001

    def columns(names: Iterable[str]) -> list[str]:
        fields = (cast("Field", meta.get_field(name)) for name in names)
        return [quote(str(field.column)) for field in fields]

    # A new row's other values, as save() would have them: COPY knows no default of Python's.
    new, defaults = target.model(), {}
    for field in meta.concrete_fields:
        if not (
            field.primary_key
            or field.attname in target.fields
            or field.has_db_default()
        ):
            value = field.get_db_prep_save(field.pre_save(new, add=True), connection)
            if value is not None:
                defaults[field.attname] = value
    copied, changed = columns(target.fields), columns(target.update_fields)
    sql = {
        "table": quote(meta.db_table),
        "batch": quote(f"batch_of_{meta.db_table}"[:63]),
        "copied": ", ".join(copied),
        "columns": ", ".join([*copied, *columns(defaults)]),
        "values": ", ".join([*copied, *["%s"] * len(defaults)]),
        "unique": ", ".join(columns(target.unique_fields)),
        "changes": ", ".join(f"{column} = excluded.{column}" for column in changed),
    }
    with connection.cursor() as cursor:
        cursor.execute(CREATE.format(**sql))
        with cursor.copy(COPY.format(**sql)) as output:
            for row in rows:
                output.write_row(row)
        cursor.execute(MERGE.format(**sql), list(defaults.values()))
        cursor.execute(DROP.format(**sql))
