"""The catalogue by the API: what its pages show, and reviews."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.catalog.models import Product, Review
from plinth.testing.queries import queries

from .conftest import MakeProducts, signed_in

pytestmark = pytest.mark.django_db

PRODUCTS = "/api/v1/products/"
REVIEWS = f"{PRODUCTS}L-1/reviews/"


def test_list_is_filtered_and_paginated(
    client: Client, product: Product, make_products: MakeProducts
) -> None:
    make_products(30)
    with queries() as sql:
        page = client.get(PRODUCTS, {"sort": "price"}).json()
    assert len(sql) == 2  # products and their tags, however many

    prices = [float(each["price"]) for each in page["results"]]
    rest = client.get(page["next"]).json()
    prices += [float(each["price"]) for each in rest["results"]]
    assert prices == sorted(prices)
    assert len(prices) == 30

    found = client.get(PRODUCTS, {"q": "brass", "category": "lamps"}).json()
    assert "L-1" in {each["sku"] for each in found["results"]}
    assert {each["category"]["slug"] for each in found["results"]} == {"lamps"}


@pytest.mark.parametrize(
    "query", ["category=no", "category=%00", "price_min=-1", "price_max=x", "q=abc%00"]
)
def test_filters_have_the_rules_of_the_page(
    client: Client, product: Product, query: str
) -> None:
    for path in (PRODUCTS, reverse("catalog:products")):
        response = client.get(f"{path}?{query}")
        assert response.status_code == HTTPStatus.BAD_REQUEST


def test_product_is_shown_unless_it_is_unpublished(
    client: Client, product: Product
) -> None:
    with queries() as sql:
        response = client.get(f"{PRODUCTS}L-1/")
    assert len(sql) == 2  # the product and its tags
    etag = {"If-None-Match": response.headers["ETag"]}

    assert response.json()["category"] == {"slug": "lamps", "name": "Lamps"}
    assert "public" in response.headers["Cache-Control"]
    unchanged = client.get(f"{PRODUCTS}L-1/", headers=etag)
    assert unchanged.status_code == HTTPStatus.NOT_MODIFIED

    Product.objects.update(is_published=False)
    assert client.get(f"{PRODUCTS}L-1/").status_code == HTTPStatus.NOT_FOUND
    assert client.get(REVIEWS).status_code == HTTPStatus.NOT_FOUND


def test_user_reviews_a_product_once(
    client: Client, product: Product, user: User
) -> None:
    ann = signed_in(user)

    def post(client: Client, **review: object) -> int:
        return client.post(REVIEWS, review, "application/json").status_code

    assert post(client, rating=4) == HTTPStatus.UNAUTHORIZED
    assert post(ann, rating=4, body="Bright") == HTTPStatus.CREATED
    assert post(ann, rating=5) == HTTPStatus.CREATED
    assert post(ann, rating=6) == HTTPStatus.BAD_REQUEST

    (shown,) = client.get(REVIEWS).json()["results"]
    assert shown.items() >= {"author": "Ann", "rating": 5, "body": ""}.items()
    assert Review.objects.count() == 1
