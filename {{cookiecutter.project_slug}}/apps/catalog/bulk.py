"""Many products by one statement: by COPY on PostgreSQL, by the ORM elsewhere.

COPY takes rows as they are, where the ORM makes an object of each and a parameter of each
value: that took most of an import's time.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connections, router, transaction

from .models import Product

BATCH_SIZE = 5_000


class Entry(NamedTuple):
    """A product as a file has it; what is not here keeps its value or gets its default."""

    sku: str
    name: str
    category_id: int
    price: str
    description: str
    modified: datetime


# It lives as long as the transaction, so that it suits a pooler too.
MAKE_ROOM = """
CREATE TEMPORARY TABLE IF NOT EXISTS catalog_entry ON COMMIT DROP AS
SELECT sku, name, category_id, price, description, modified FROM catalog_product
WITH NO DATA
"""
EMPTY = "TRUNCATE catalog_entry"
COPY = "COPY catalog_entry FROM STDIN"
# What is not named here is null or has a default in the database: a test holds that.
MERGE = """
INSERT INTO catalog_product
    (sku, name, category_id, price, description, modified, is_published)
SELECT sku, name, category_id, price, description, modified, true FROM catalog_entry
ON CONFLICT (sku) DO UPDATE SET
    name = excluded.name,
    category_id = excluded.category_id,
    price = excluded.price,
    description = excluded.description,
    modified = excluded.modified
"""


def upsert(entries: Collection[Entry]) -> None:
    """Add products, and change those whose SKU is known; no SKU may come twice."""
    database = router.db_for_write(Product)
    with transaction.atomic(database):
        if connections[database].vendor == "postgresql":
            copy(entries, database)
        else:
            create(entries, database)


def copy(entries: Collection[Entry], database: str) -> None:
    with connections[database].cursor() as cursor:
        cursor.execute(MAKE_ROOM)
        cursor.execute(EMPTY)
        with cursor.copy(COPY) as rows:
            for entry in entries:
                rows.write_row(entry)
        cursor.execute(MERGE)


def create(entries: Collection[Entry], database: str) -> None:
    Product.objects.using(database).bulk_create(
        [Product(**entry._asdict()) for entry in entries],
        batch_size=BATCH_SIZE,
        update_conflicts=True,
        unique_fields=["sku"],
        update_fields=["name", "category", "price", "description", "modified"],
    )
