"""The queries: how many, which columns, which index, how much memory."""

import re
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from django.core.exceptions import FieldFetchBlocked
from django.db.models import QuerySet
from django.template import Context, Template

from apps.catalog import querysets
from apps.catalog.models import Category, Product, Review
from apps.catalog.querysets import EXPORTED, ORDERS, PAGE_SIZE, ProductQuerySet
from plinth.database.keyset import filter_after
from plinth.testing.queries import (
    assert_index_used,
    concurrent_indexes,
    queries,
)

from .conftest import MakeProducts

pytestmark = pytest.mark.django_db


# Related objects


@pytest.mark.practice(9, 10)
@pytest.mark.parametrize("count", [3, 30])
def test_list_with_categories_and_tags_is_two_queries(
    make_products: MakeProducts, count: int
) -> None:
    make_products(count)

    with queries() as sql:
        products = list(Product.objects.for_list())
        assert len([product.category.name for product in products]) == count
        assert {tag.name for product in products for tag in product.tags.all()}

    assert len(sql) == 2


@pytest.mark.practice(9, 10)
@pytest.mark.parametrize("count", [10, 60])
def test_products_with_reviews_and_authors_are_three_queries(
    make_products: MakeProducts, count: int
) -> None:
    make_products(count)

    with queries() as sql:
        assert {
            review.user.name
            for product in Product.objects.for_page()
            for review in product.newest_reviews
        }

    assert len(sql) == 3
    assert "email" not in sql[-1]


# Columns


@pytest.mark.practice(12)
def test_list_loads_its_columns_alone(product: Product) -> None:
    with queries() as sql:
        (listed,) = Product.objects.for_list()

    assert "description" not in sql[0]
    assert listed.rating is None
    with pytest.raises(FieldFetchBlocked):
        _ = listed.description
    template = Template("{% firstof product.description %}")
    with pytest.raises(FieldFetchBlocked):
        template.render(Context({"product": listed}))


@pytest.mark.practice(11)
def test_export_selects_its_columns_alone(product: Product) -> None:
    with queries() as sql:
        (row,) = Product.objects.export()

    assert row == ("L-1", "Brass lamp", "Lamps", Decimal("12.50"), "It shines.", 0)
    (select,) = [each for each in sql if "catalog_product" in each]
    selected = select.partition(" FROM ")[0]
    columns = set(re.findall(r'"(\w+)"(?:,| AS| FROM|$)', selected))
    assert columns == {*EXPORTED.values()}


@pytest.mark.practice(8)
def test_export_holds_two_chunks_of_its_rows(
    category: Category, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(querysets, "CHUNK_SIZE", 50)
    Product.objects.bulk_create(
        Product(sku=f"P-{i}", name="x" * 200, category=category, price=1)
        for i in range(1_000)
    )

    tracemalloc.start()
    assert sum(1 for _ in Product.objects.export()) == 1_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 150 * 1_000  # bytes: a row has about 600


# Indexes


def after(order: str, products: ProductQuerySet) -> QuerySet:
    cursor = "50" if order == "newest" else "3.00~50"
    return filter_after(products.order_by(*ORDERS[order]), cursor)


# The reads of pages, by the index that answers them.
INDEXED: list[tuple[str, Callable[[ProductQuerySet], QuerySet]]] = [
    (
        "catalog_category_newest",
        lambda products: after("newest", products.filter(category=1)),
    ),
    ("catalog_price", partial(after, "price")),
    ("catalog_price", partial(after, "-price")),
    (
        "catalog_category_price",
        lambda products: after("price", products.filter(category=1)),
    ),
    (
        "catalog_product_reviews",
        lambda _: Review.objects.filter(product=1).order_by("-id"),
    ),
    ("catalog_user_reviews", lambda _: Review.objects.by_user(1)),
    (
        "catalog_ratings",
        lambda _: Review.objects.filter(product=1, rating__gt=0).values("rating"),
    ),
]


@pytest.mark.practice(17)
@pytest.mark.parametrize(("index", "read"), INDEXED)
def test_an_index_answers(
    index: str, read: Callable[[ProductQuerySet], QuerySet]
) -> None:
    assert_index_used(read(Product.objects.published())[:PAGE_SIZE], index)


@pytest.mark.practice(17)
def test_indexes_are_created_concurrently() -> None:
    created = concurrent_indexes("catalog", "0002_indexes")

    assert created == {index for index, _ in INDEXED} | {"catalog_name_search"}
