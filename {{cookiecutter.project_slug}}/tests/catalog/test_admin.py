from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.models import Category, Product, Review, Tag
from plinth.testing.forms import submit
from plinth.testing.plugin import Commit
from plinth.testing.queries import queries

from .conftest import MakeProducts

pytestmark = pytest.mark.django_db


def path(model: type, page: str, *arguments: object) -> str:
    return reverse(f"admin:catalog_{model.__name__.lower()}_{page}", args=arguments)


@pytest.mark.practice(9)
@pytest.mark.parametrize("model", [Category, Product, Review, Tag])
def test_list_makes_as_many_queries_for_few_rows_as_for_many(
    admin_client: Client, make_products: MakeProducts, model: type
) -> None:
    made = []
    for count in (10, 50):
        make_products(count)
        with queries() as sql:
            response = admin_client.get(path(model, "changelist"))
        assert response.status_code == HTTPStatus.OK
        made.append(len(sql))

    # The first time, the user's permissions are loaded too.
    assert made[1] <= made[0] <= 8


@pytest.mark.practice(13)
def test_changed_columns_alone_are_saved(
    admin_client: Client, product: Product
) -> None:
    with queries() as sql:
        submit(admin_client, path(Product, "change", product.pk), name="Copper lamp")

    (update,) = [each for each in sql if each.startswith('UPDATE "catalog_product"')]
    assert '"name" = ' in update
    assert '"price" = ' not in update


@pytest.mark.practice(1)
def test_renamed_category_is_on_the_home_page_at_once(
    client: Client, admin_client: Client, product: Product, commit: Commit
) -> None:
    home = reverse("catalog:home")
    client.get(home)

    with commit():
        change = path(Category, "change", product.category_id)
        submit(admin_client, change, name="Lights", slug="lights")

    page = client.get(home)
    assertContains(page, "Lights")
    assertContains(page, f"{reverse('catalog:products')}?category=lights")


def test_review_can_be_deleted_but_not_written(
    admin_client: Client, product: Product, user: User
) -> None:
    review = services.save_review(product.pk, user.pk, 5, "Spam")
    assert admin_client.get(path(Review, "add")).status_code == HTTPStatus.FORBIDDEN

    admin_client.post(path(Review, "delete", review.pk), {"post": "yes"})

    assert not Review.objects.exists()
    product.refresh_from_db()
    assert product.review_count == 0
