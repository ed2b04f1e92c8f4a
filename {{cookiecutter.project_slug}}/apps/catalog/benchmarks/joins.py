"""An app that takes the joins out of the catalogue's queries, which makes them N+1."""

from django.apps import AppConfig


class WithoutJoins(AppConfig):
    name = "apps.catalog.benchmarks.joins"

    def ready(self) -> None:
        from apps.catalog.models import Product
        from apps.catalog.querysets import (
            REVIEWS_SHOWN,
            ProductQuerySet,
            ReviewQuerySet,
        )

        def rows(products: ProductQuerySet) -> ProductQuerySet:
            return products

        def by_user(reviews: ReviewQuerySet, user_id: int) -> ReviewQuerySet:
            return reviews.filter(user_id=user_id).order_by("-id")

        def newest_reviews(product: Product) -> object:
            return product.reviews.order_by("-id")[:REVIEWS_SHOWN]

        ProductQuerySet.for_list = rows  # type: ignore[assignment,method-assign]
        ProductQuerySet.for_page = rows  # type: ignore[assignment,method-assign]
        ReviewQuerySet.by_user = by_user  # type: ignore[assignment,method-assign]
        Product.newest_reviews = property(newest_reviews)  # type: ignore[attr-defined]
