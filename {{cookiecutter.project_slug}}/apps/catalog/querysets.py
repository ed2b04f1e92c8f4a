"""Reads of the catalogue: every query of its pages, with its joins and columns."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import FETCH_RAISE, Count, Prefetch, Q

from plinth.database import chunks, keyset

if TYPE_CHECKING:
    from .models import Product

PAGE_SIZE = 24
REVIEWS_SHOWN = 20
# Rows of an export in memory.
CHUNK_SIZE = 2_000

# The orders of a list, each with an index.
ORDERS = {
    "newest": ("-id",),
    "price": ("price", "id"),
    "-price": ("-price", "-id"),
}
LOOKUPS = {
    "category": "category",
    "price_min": "price__gte",
    "price_max": "price__lte",
}
# The columns of an export: heading and field.
EXPORTED = {
    "sku": "sku",
    "name": "name",
    "category": "category__name",
    "price": "price",
    "description": "description",
    "reviews": "review_count",
}


class ProductQuerySet(models.QuerySet):
    def published(self) -> Self:
        return self.filter(is_published=True)

    def search(self, text: str) -> Self:
        """Filter by a part of the name, or by the start of a word if it is short.

        The trigram index on PostgreSQL needs three letters in a row, or a word's start.
        """
        if not re.search(r"[^\W_]", text):
            return self.none()
        if re.search(r"[^\W_]{3}", text):
            return self.filter(name__icontains=text)
        return self.filter(Q(name__istartswith=text) | Q(name__icontains=f" {text}"))

    def matching(self, filters: dict[str, Any]) -> Self:
        """Filter and order by what a visitor has given, with the names of FilterForm."""
        found = self.search(filters["q"]) if filters.get("q") else self
        given = {name: filters.get(key) for key, name in LOOKUPS.items()}
        given = {name: value for name, value in given.items() if value is not None}
        return found.filter(**given).order_by(*ORDERS[filters.get("sort") or "newest"])

    def for_list(self) -> Self:
        """Load the columns of a list, in two queries for any number of rows.

        A template that uses another field raises FieldFetchBlocked, instead of making a
        query for each row.
        """
        return (
            self.select_related("category")
            .only(
                "sku",
                "name",
                "price",
                "review_count",
                "rating_sum",
                "picture",
                "thumbnail",
                "category__name",
                "category__slug",
            )
            .prefetch_related("tags")
            .fetch_mode(FETCH_RAISE)
        )

    def for_detail(self) -> Self:
        """Load all columns of a product, with its category and tags, in two queries."""
        products = self.select_related("category").prefetch_related("tags")
        return products.fetch_mode(FETCH_RAISE)

    def for_page(self) -> Self:
        """Load a product's page, with its newest reviews, in three queries."""
        return self.for_detail().prefetch_related(newest_reviews())

    def page(self, after: str = "") -> "keyset.Page[Product]":
        """Return the page that starts after a cursor, in the order of `matching`."""
        return keyset.paginate(self, PAGE_SIZE, after)

    def export(self) -> Iterator[tuple[Any, ...]]:
        """Yield plain rows of EXPORTED, in chunks."""
        rows = self.order_by("id").values_list(*EXPORTED.values())
        return chunks.iterate(rows, CHUNK_SIZE)

    def totals(self) -> dict[str, Any]:
        """Count products by category and in total. It reads every row: cache it."""
        counts = self.values("category__name", "category__slug").annotate(
            count=Count("id")
        )
        categories = list(counts.order_by("category__name"))
        return {
            "categories": categories,
            "products": sum(category["count"] for category in categories),
        }


def newest_reviews() -> Prefetch:
    from .models import Review

    newest = Review.objects.for_list()[:REVIEWS_SHOWN]
    return Prefetch("reviews", newest, to_attr="newest_reviews")


class ReviewQuerySet(models.QuerySet):
    def for_list(self) -> Self:
        # Of the author the name alone: email addresses stay off public pages.
        return (
            self.select_related("user")
            .only("product_id", "rating", "body", "created", "user__name")
            .order_by("-id")
            .fetch_mode(FETCH_RAISE)
        )

    def by_user(self, user_id: int) -> Self:
        """Load the page of a user's reviews, in one query."""
        return (
            self.filter(user_id=user_id)
            .select_related("product")
            .only("rating", "body", "created", "product__sku", "product__name")
            .order_by("-id")
            .fetch_mode(FETCH_RAISE)
        )

    def ratings(self) -> dict[int, int]:
        """Return the number of reviews by rating, from 5 to 1."""
        counts = dict(self.order_by().values_list("rating").annotate(count=Count("id")))
        return {rating: counts.get(rating, 0) for rating in range(5, 0, -1)}


def personal_data(user: Any) -> dict[str, Any]:
    """Return what the catalogue stores about a user, for the export of personal data."""
    from .models import Review

    reviews = Review.objects.filter(user=user).order_by("id")
    return {"reviews": [*reviews.values("product__sku", "rating", "body", "created")]}
