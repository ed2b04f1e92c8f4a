"""The writes: which columns, and that no update is lost."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.models import Product, Review
from plinth.testing.queries import queries

pytestmark = pytest.mark.django_db


@pytest.mark.practice(13)
def test_changed_columns_alone_are_updated(product: Product) -> None:
    product.price = 20
    with queries() as sql:
        services.save_product(product, ["price"])

    (update,) = [each for each in sql if each.startswith("UPDATE")]
    columns = update.partition(" SET ")[2].partition(" WHERE ")[0]
    assert columns.count('" = ') == 2
    assert '"price" = ' in columns
    assert '"modified" = ' in columns


@pytest.mark.practice(13)
def test_concurrent_edits_of_two_fields_both_survive(product: Product) -> None:
    one = Product.objects.get()
    two = Product.objects.get()

    one.name = "Copper lamp"
    services.save_product(one, ["name"])
    two.price = 20
    services.save_product(two, ["price"])

    product.refresh_from_db()
    assert (product.name, product.price) == ("Copper lamp", Decimal(20))


@pytest.mark.practice(13)
def test_counters_are_added_to_in_the_database(
    product: Product, user: User, other_user: User
) -> None:
    with queries() as sql:
        services.save_review(product.pk, user.pk, 5, "")
    review = services.save_review(product.pk, other_user.pk, 2, "")

    (update,) = [each for each in sql if each.startswith("UPDATE")]
    assert '"review_count" = ("catalog_product"."review_count" + 1)' in update
    product.refresh_from_db()
    assert (product.review_count, product.rating_sum) == (2, 7)
    assert product.rating == 3.5

    again = Review.objects.get(pk=review.pk)
    for one in (review, again):  # two editors at once
        services.delete_review(one)
        product.refresh_from_db()
        assert (product.review_count, product.rating_sum) == (1, 5)


@pytest.mark.practice(13)
def test_changed_review_updates_its_own_columns(product: Product, user: User) -> None:
    services.save_review(product.pk, user.pk, 5, "")

    with queries() as sql:
        services.save_review(product.pk, user.pk, 3, "Less so")

    (update,) = [each for each in sql if each.startswith('UPDATE "catalog_review"')]
    assert "created" not in update
    product.refresh_from_db()
    assert (product.review_count, product.rating_sum) == (1, 3)


def test_review_and_counters_are_one_transaction(
    product: Product, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "add_to_counters", lambda *arguments: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        services.save_review(product.pk, user.pk, 5, "")

    assert not Review.objects.exists()


def test_database_refuses_a_second_review_and_an_impossible_rating(
    product: Product, user: User
) -> None:
    services.save_review(product.pk, user.pk, 5, "")

    for rating in (4, 6):
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(
                product=product, user=user if rating == 4 else None, rating=rating
            )
