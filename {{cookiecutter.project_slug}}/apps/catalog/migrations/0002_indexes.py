"""Indexes, created concurrently on PostgreSQL: tables in use stay writable.

That can't run in a transaction, so it is a migration of its own. An interrupted one
leaves an invalid index, to be dropped before it is run again.
"""

from django.db import migrations, models

from plinth.database.operations import AddIndexOnline, RunPostgreSQL

PUBLISHED = models.Q(is_published=True)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("catalog", "0001_initial")]

    operations = [
        AddIndexOnline(
            "product",
            models.Index(
                fields=["category", "-id"],
                condition=PUBLISHED,
                name="catalog_category_newest",
            ),
        ),
        AddIndexOnline(
            "product",
            models.Index(
                fields=["price", "id"], condition=PUBLISHED, name="catalog_price"
            ),
        ),
        AddIndexOnline(
            "product",
            models.Index(
                fields=["category", "price", "id"],
                condition=PUBLISHED,
                name="catalog_category_price",
            ),
        ),
        AddIndexOnline(
            "review",
            models.Index(fields=["product", "-id"], name="catalog_product_reviews"),
        ),
        AddIndexOnline(
            "review", models.Index(fields=["user", "-id"], name="catalog_user_reviews")
        ),
        AddIndexOnline(
            "review", models.Index(fields=["product", "rating"], name="catalog_ratings")
        ),
        RunPostgreSQL("CREATE EXTENSION IF NOT EXISTS pg_trgm", migrations.RunSQL.noop),
        # Of the expression that Django's icontains compares.
        RunPostgreSQL(
            "CREATE INDEX CONCURRENTLY catalog_name_search "
            "ON catalog_product USING gin (UPPER(name) gin_trgm_ops)",
            "DROP INDEX CONCURRENTLY catalog_name_search",
        ),
    ]
