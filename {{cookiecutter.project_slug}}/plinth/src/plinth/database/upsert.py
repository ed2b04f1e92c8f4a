"""Bulk insert-or-update, one statement a batch: COPY on PostgreSQL, the ORM elsewhere.

COPY takes rows as they are, where the ORM makes an object of each and a parameter of each
value, which takes most of an import's time.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Model

BATCH_SIZE = 5_000


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
    save() is not called and no signal is sent.
    """
    if not rows:
        return
    database = router.db_for_write(model)
    update = [name for name in fields if name not in unique_fields]
    with transaction.atomic(database):
        if connections[database].vendor == "postgresql":
            copy(database, model, fields, rows, unique_fields, update)
        else:
            model._default_manager.using(database).bulk_create(  # noqa: SLF001
                [model(**dict(zip(fields, row, strict=True))) for row in rows],
                batch_size=BATCH_SIZE,
                update_conflicts=True,
                unique_fields=unique_fields,
                update_fields=[model._meta.get_field(name).name for name in update],  # noqa: SLF001
            )


def copy(
    database: str,
    model: type[Model],
    fields: Sequence[str],
    rows: Collection[Sequence[Any]],
    unique_fields: Collection[str],
    update: Sequence[str],
) -> None:
    connection = connections[database]
    meta, quote = model._meta, connection.ops.quote_name  # noqa: SLF001

    def names(of: Collection[str]) -> list[str]:
        return [quote(str(meta.get_field(name).column)) for name in of]

    # COPY knows no default of Python's.
    others = [
        field
        for field in meta.concrete_fields
        if field.attname not in fields and not field.primary_key and field.has_default()
    ]
    values = [
        field.get_db_prep_save(field.get_default(), connection) for field in others
    ]
    table, columns = quote(meta.db_table), ", ".join(names(fields))
    inserted = ", ".join([*names(fields), *names([field.name for field in others])])
    selected = ", ".join([*names(fields), *["%s"] * len(others)])
    changed = ", ".join(f"{name} = excluded.{name}" for name in names(update))
    target = ", ".join(names(unique_fields))
    batch = quote(f"batch_of_{meta.db_table}"[:63])
    with connection.cursor() as cursor:
        # It lives as long as the transaction, as PgBouncer's transaction pooling needs.
        cursor.execute(
            f"CREATE TEMPORARY TABLE {batch} ON COMMIT DROP AS "  # noqa: S608
            f"SELECT {columns} FROM {table} WITH NO DATA"
        )
        with cursor.copy(f"COPY {batch} FROM STDIN") as output:
            for row in rows:
                output.write_row(row)
        cursor.execute(
            f"INSERT INTO {table} ({inserted}) SELECT {selected} FROM {batch} "  # noqa: S608
            f"ON CONFLICT ({target}) DO UPDATE SET {changed}",
            values,
        )
        cursor.execute(f"DROP TABLE {batch}")
