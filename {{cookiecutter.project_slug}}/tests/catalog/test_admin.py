from http import HTTPStatus

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.asserts import assertContains, assertNotContains

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.models import Category, Product, Review, Tag

from .conftest import MakeProducts

pytestmark = pytest.mark.django_db


def path(model: type, page: str, *arguments: object) -> str:
    return reverse(f"admin:catalog_{model.__name__.lower()}_{page}", args=arguments)


@pytest.mark.practice(9)
@pytest.mark.parametrize("model", [Category, Product, Review, Tag])
def test_a_list_makes_the_same_few_queries_for_any_number_of_rows(
    admin_client: Client,
    make_products: MakeProducts,
    model: type,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin.site.get_model_admin(model), "list_per_page", 1_000)
    queries = []
    for count in (10, 990):
        make_products(count)
        with CaptureQueriesContext(connection) as captured:
            response = admin_client.get(path(model, "changelist"))
        assert response.status_code == HTTPStatus.OK
        queries.append(len(captured))

    # The first time, the permissions of who asks are loaded as well.
    assert queries[1] <= queries[0] <= 8


def test_a_search_counts_only_what_it_finds(
    admin_client: Client, product: Product
) -> None:
    with CaptureQueriesContext(connection) as captured:
        response = admin_client.get(path(Product, "changelist"), {"q": "brass"})

    assertContains(response, product.name)
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert all("WHERE" in sql for sql in counts)


def test_the_choice_of_a_category_is_not_a_list_of_all(
    admin_client: Client, product: Product, make_products: MakeProducts
) -> None:
    make_products(20)

    page = admin_client.get(path(Product, "change", product.pk))

    assertContains(page, "admin-autocomplete")
    assertNotContains(page, "Category 13")


@pytest.mark.practice(13)
def test_two_who_edit_different_fields_of_a_product_both_do(
    admin_client: Client, product: Product
) -> None:
    form = {
        "sku": product.sku,
        "name": "Copper lamp",
        "category": product.category_id,
        "description": product.description,
        "price": "12.50",
        "is_published": "on",
    }
    with CaptureQueriesContext(connection) as captured:
        admin_client.post(path(Product, "change", product.pk), form)

    (sql,) = [
        query["sql"]
        for query in captured
        if query["sql"].startswith('UPDATE "catalog_product"')
    ]
    assert '"name" = ' in sql
    assert '"price" = ' not in sql
    product.refresh_from_db()
    assert product.name == "Copper lamp"


def test_a_category_that_is_renamed_is_so_on_the_kept_pages(
    client: Client,
    admin_client: Client,
    product: Product,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    home = reverse("catalog:home")
    client.get(home)

    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(
            path(Category, "change", product.category_id),
            {"name": "Lights", "slug": "lights"},
        )

    assertContains(client.get(home), "Lights")


def test_a_review_can_be_removed_and_not_written(
    admin_client: Client, product: Product, user: User
) -> None:
    review = services.write_review(product.pk, user.pk, 5, "Spam")
    assert admin_client.get(path(Review, "add")).status_code == HTTPStatus.FORBIDDEN

    admin_client.post(path(Review, "delete", review.pk), {"post": "yes"})

    assert not Review.objects.exists()
    product.refresh_from_db()
    assert product.review_count == 0
