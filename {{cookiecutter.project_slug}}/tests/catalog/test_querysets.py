"""The queries: how many, which columns, which index, how much memory."""

import re
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from django.core.exceptions import FieldFetchBlocked
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.models import QuerySet
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.catalog.models import Category, Product, Review
from apps.catalog.querysets import (
    EXPORTED,
    ORDERS,
    PAGE_SIZE,
    Position,
    ProductQuerySet,
    beyond,
)

from .conftest import MakeProducts

pytestmark = pytest.mark.django_db


def columns(sql: str) -> set[str]:
    """The names of the columns that a query selects."""
    return set(re.findall(r'"(\w+)"(?:,| AS| FROM|$)', sql.partition(" FROM ")[0]))


# Related objects


@pytest.mark.practice(9)
@pytest.mark.parametrize("count", [10, 1_000])
def test_a_list_with_its_categories_is_one_query(
    make_products: MakeProducts,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    make_products(count)
    rows = Product.objects.listed().prefetch_related(None)

    with django_assert_num_queries(1):
        assert len({product.category.name for product in rows}) == count


@pytest.mark.practice(10)
@pytest.mark.parametrize("count", [10, 1_000])
def test_the_tags_of_a_list_are_one_more_query(
    make_products: MakeProducts,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    make_products(count)

    with django_assert_num_queries(2):
        tags = [list(product.tags.all()) for product in Product.objects.listed()]

    assert [len(own) for own in tags] == [2] * count


@pytest.mark.practice(9, 10)
@pytest.mark.parametrize("count", [10, 1_000])
def test_the_reviews_of_products_are_one_query_with_the_names_of_their_authors(
    make_products: MakeProducts,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    make_products(count)

    with django_assert_num_queries(3) as captured:
        names = {
            review.user.name
            for product in Product.objects.shown()
            for review in product.newest_reviews
        }
        assert len(names) == count

    assert "email" not in captured[-1]["sql"]


@pytest.mark.practice(9, 10)
def test_a_list_that_is_read_in_chunks_has_its_categories_and_tags(
    make_products: MakeProducts, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_products(10)

    # One for all products with their categories, and one for the tags of each chunk.
    with django_assert_num_queries(1 + 2):
        for product in Product.objects.listed().iterator(chunk_size=5):
            assert product.category.name
            assert len(product.tags.all()) == 2


# Columns


@pytest.mark.practice(12)
def test_a_list_loads_no_column_that_it_does_not_show(product: Product) -> None:
    with CaptureQueriesContext(connection) as captured:
        list(Product.objects.listed())

    assert "description" not in captured[0]["sql"]


@pytest.mark.practice(12)
def test_a_field_that_was_not_loaded_raises_in_code(product: Product) -> None:
    (listed,) = Product.objects.listed()

    assert listed.rating is None
    with pytest.raises(FieldFetchBlocked):
        _ = listed.description


@pytest.mark.practice(12)
def test_a_field_that_was_not_loaded_raises_in_a_template(product: Product) -> None:
    (listed,) = Product.objects.listed()

    with pytest.raises(FieldFetchBlocked):
        Template("{% firstof product.description %}").render(
            Context({"product": listed})
        )


@pytest.mark.practice(12)
def test_somebodys_reviews_load_what_their_page_shows(
    product: Product, user: User
) -> None:
    Review.objects.create(product=product, user=user, rating=3)
    (review,) = Review.objects.of(user.pk)

    assert review.product.get_absolute_url()
    with pytest.raises(FieldFetchBlocked):
        _ = review.product.description
    with pytest.raises(FieldFetchBlocked):
        _ = review.user


@pytest.mark.practice(11)
def test_an_export_selects_the_exports_columns(product: Product) -> None:
    with CaptureQueriesContext(connection) as captured:
        (row,) = Product.objects.export()

    assert row == ("L-1", "Brass lamp", "Lamps", Decimal("12.50"), "It shines.", 0)
    (sql,) = [q["sql"] for q in captured if "catalog_product" in q["sql"]]
    assert columns(sql) == {*EXPORTED.values()}


# Memory

MANY = """
INSERT INTO catalog_product
    (sku, name, category_id, price, description, is_published, modified)
WITH RECURSIVE numbers (i) AS
    (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < %s)
SELECT %s || '-' || i, 'Chair', %s, 1, '', true, CURRENT_TIMESTAMP FROM numbers
"""


@pytest.mark.practice(8)
def test_an_export_needs_no_more_memory_for_more_rows(category: Category) -> None:
    def peak(rows: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(MANY, [rows, str(rows), category.pk])
        tracemalloc.start()
        assert sum(1 for _ in Product.objects.export()) >= rows
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    small, large = peak(10_000), peak(190_000)

    assert large < 1.5 * small


# Pages


def numbers(products: list[Product]) -> list[int]:
    return [product.pk for product in products]


@pytest.mark.parametrize("order", ORDERS)
def test_pages_show_every_row_once_and_in_order(
    make_products: MakeProducts, order: str
) -> None:
    make_products(3 * PAGE_SIZE + 1)
    seen: list[int] = []
    page = Product.objects.page(order)
    seen += numbers(page.products)
    while page.next:
        page = Product.objects.page(order, page.next)
        seen += numbers(page.products)

    expected = Product.objects.order_by(*ORDERS[order])
    assert seen == list(expected.values_list("pk", flat=True))


def test_a_last_page_that_is_full_has_no_next_one(make_products: MakeProducts) -> None:
    make_products(PAGE_SIZE)

    assert Product.objects.page("newest").next is None


@pytest.mark.parametrize("order", ORDERS)
def test_a_page_counts_and_skips_nothing(
    make_products: MakeProducts, order: str
) -> None:
    make_products(PAGE_SIZE + 1)
    first = Product.objects.page(order)

    with CaptureQueriesContext(connection) as captured:
        Product.objects.page(order, first.next)

    (query,) = captured
    assert "COUNT" not in query["sql"]
    assert "OFFSET" not in query["sql"]


# Indexes

LAST = Position(50, Decimal(3))


def after(order: str, products: ProductQuerySet) -> QuerySet:
    return products.filter(beyond(order, LAST)).order_by(*ORDERS[order])


def ratings_of(product: int) -> QuerySet:
    return Review.objects.filter(product=product, rating__gt=0).values("rating")


# What a page asks for, and the index that answers it.
INDEXED: dict[str, tuple[str, Callable[[ProductQuerySet], QuerySet]]] = {
    "a category": (
        "catalog_category_newest",
        lambda products: products.filter(category=1).order_by("-id"),
    ),
    "the cheapest": (
        "catalog_price",
        partial(after, "price"),
    ),
    "the dearest": (
        "catalog_price",
        partial(after, "-price"),
    ),
    "the cheapest of a category": (
        "catalog_category_price",
        lambda products: after("price", products.filter(category=1)),
    ),
    "a product's reviews": (
        "catalog_product_reviews",
        lambda _: Review.objects.filter(product=1).order_by("-id"),
    ),
    "somebody's reviews": ("catalog_user_reviews", lambda _: Review.objects.of(1)),
    "a product's ratings": (
        "catalog_ratings",
        lambda _: ratings_of(1),
    ),
}


@pytest.mark.practice(17)
@pytest.mark.parametrize("asked", INDEXED)
def test_an_index_answers(asked: str) -> None:
    with connection.cursor() as cursor:
        # On a small table PostgreSQL reads all of it, unless it is told not to.
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")

    index, query = INDEXED[asked]
    plan = query(Product.objects.published())[:PAGE_SIZE].explain()

    assert re.search(rf"\b{index}\b", plan), plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


@pytest.mark.practice(17)
def test_each_index_is_made_while_others_write() -> None:
    """Only PostgreSQL can: what it would be told is collected, and not run."""
    loader = MigrationLoader(None)
    migration = loader.graph.nodes["catalog", "0002_indexes"]
    state = loader.project_state(("catalog", "0001_initial"))
    postgresql = DatabaseWrapper(connection.settings_dict | {"OPTIONS": {}}, "default")

    with postgresql.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)

    assert not migration.atomic
    made = [sql for sql in editor.collected_sql if "INDEX" in sql]
    assert made
    assert all(sql.startswith("CREATE INDEX CONCURRENTLY") for sql in made)
    names = {sql.split()[3].strip('"') for sql in made}
    # Beside those that answer above, the one that only PostgreSQL has.
    assert names == {name for name, _ in INDEXED.values()} | {"catalog_name_search"}
