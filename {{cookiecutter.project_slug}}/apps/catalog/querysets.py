"""What the catalogue reads: every query that its pages make, with its columns."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from django.db import models, transaction
from django.db.models import FETCH_RAISE, Count, Prefetch, Q

from plinth.database import routers

if TYPE_CHECKING:
    from .models import Product

PAGE_SIZE = 24
REVIEWS_SHOWN = 20
# Rows that an export holds at a time.
CHUNK_SIZE = 2_000

# The orders of a list, each without ties, so that a row has one place in it.
ORDERS = {
    "newest": ("-id",),
    "price": ("price", "id"),
    "-price": ("-price", "-id"),
}
# An export's columns: the heading, and the field.
EXPORTED = {
    "sku": "sku",
    "name": "name",
    "category": "category__name",
    "price": "price",
    "description": "description",
    "reviews": "review_count",
}


@dataclass(frozen=True)
class Position:
    """The row that a page of a list starts after."""

    id: int
    price: Decimal

    def __str__(self) -> str:
        return f"{self.id}_{self.price}"


class Page(NamedTuple):
    products: "list[Product]"
    next: Position | None


class ProductQuerySet(models.QuerySet):
    def published(self) -> Self:
        return self.filter(is_published=True)

    def search(self, text: str) -> Self:
        """Keep what has the text in its name: a trigram index answers on PostgreSQL."""
        return self.filter(name__icontains=text)

    def listed(self) -> Self:
        """Load what a list shows, in two queries for any number of rows.

        A template that asks for more raises FieldFetchBlocked; it would else make one
        more query for each row, unseen until there are many.
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

    def shown(self) -> Self:
        """Load what a product's page shows, with its newest reviews, in three queries."""
        return (
            self.select_related("category")
            .prefetch_related("tags", newest_reviews())
            .fetch_mode(FETCH_RAISE)
        )

    def page(self, order: str, after: Position | None = None) -> Page:
        """Return the page that starts after a row, in one of ORDERS.

        An index leads to that row, where OFFSET would read all rows before it. Nor does
        anything count the rows, which would read all of them: one more than a page holds
        tells whether there is a next page.
        """
        rows = self.order_by(*ORDERS[order])
        if after:
            rows = rows.filter(beyond(order, after))
        products = list(rows[: PAGE_SIZE + 1])
        if len(products) <= PAGE_SIZE:
            return Page(products, None)
        last = products[PAGE_SIZE - 1]
        return Page(products[:PAGE_SIZE], Position(last.pk, last.price))

    def export(self) -> Iterator[tuple[Any, ...]]:
        """Yield plain rows of EXPORTED, of which only a chunk is in memory."""
        alias = routers.chunked(self.db)
        rows = self.using(alias).order_by("id").values_list(*EXPORTED.values())
        # Outside of a transaction PostgreSQL gathers all rows before it gives the first.
        # SQLite does not, and there a transaction would keep writers out.
        on_postgresql = transaction.get_connection(alias).vendor == "postgresql"
        with transaction.atomic(alias) if on_postgresql else nullcontext():
            yield from rows.iterator(chunk_size=CHUNK_SIZE)

    def totals(self) -> dict[str, Any]:
        """Count per category, and in all. This one does read every row: keep it."""
        counts = self.values("category__name", "category__slug").annotate(
            count=Count("id")
        )
        categories = list(counts.order_by("category__name"))
        return {
            "categories": categories,
            "products": sum(category["count"] for category in categories),
        }


def beyond(order: str, after: Position) -> Q:
    """What comes after a row; with the price first, where an index can start."""
    match order:
        case "price":
            return Q(price__gte=after.price) & (
                Q(price__gt=after.price) | Q(id__gt=after.id)
            )
        case "-price":
            return Q(price__lte=after.price) & (
                Q(price__lt=after.price) | Q(id__lt=after.id)
            )
        case _:
            return Q(id__lt=after.id)


def newest_reviews() -> Prefetch:
    from .models import Review

    # Of the author the name alone: an address must not come near a public page.
    newest = (
        Review.objects.select_related("user")
        .only("product_id", "rating", "body", "created", "user__name")
        .order_by("-id")
        .fetch_mode(FETCH_RAISE)
    )
    return Prefetch("reviews", newest[:REVIEWS_SHOWN], to_attr="newest_reviews")


class ReviewQuerySet(models.QuerySet):
    def of(self, user_id: int) -> Self:
        """Load what the page of somebody's reviews shows, in one query."""
        return (
            self.filter(user_id=user_id)
            .select_related("product")
            .only("rating", "body", "created", "product__sku", "product__name")
            .order_by("-id")
            .fetch_mode(FETCH_RAISE)
        )

    def ratings(self) -> dict[int, int]:
        """Return how often each rating was given, the best first."""
        counts = dict(self.order_by().values_list("rating").annotate(count=Count("id")))
        return {rating: counts.get(rating, 0) for rating in range(5, 0, -1)}
