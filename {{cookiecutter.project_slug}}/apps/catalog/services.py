"""Writes of the catalogue, with what depends on them: counters, files and cached pages.

Bulk writes are in `imports` and `seeds`.
"""

from collections.abc import Collection, Iterable
from functools import partial

from django.core.files.base import File
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from plinth.cache import versions
from plinth.storage import model_files
from plinth.tasks.queue import enqueue

from .models import Product, Review

# Names of cache versions: pages that show products, and the totals by category.
PRODUCTS = "products"
CATEGORIES = "categories"


def reviews_by(user_id: object) -> str:
    """Return the name of the cache version of a user's own page."""
    return f"reviews-by-{user_id}"


def save_product(product: Product, changed: Iterable[str]) -> None:
    """Save the changed fields alone, so that concurrent edits of others survive.

    A new product is saved whole. Raises StorageUnavailableError if a new file can't be stored.
    """
    product.modified = timezone.now()
    with transaction.atomic():
        if product.save_with_files({*changed, "modified"}):
            make = partial(enqueue_thumbnail, product.pk)
            # Robust: the picture is saved, whatever becomes of its thumbnail.
            transaction.on_commit(make, robust=True)
        versions.invalidate(PRODUCTS)


def enqueue_thumbnail(product_id: int) -> None:
    if not enqueue("apps.catalog.tasks.make_thumbnail", product_id=product_id):
        make_thumbnail(product_id)


def make_thumbnail(product_id: int) -> None:
    product = Product.objects.filter(pk=product_id).first()
    if not product or not product.make_thumbnail(modified=timezone.now()):
        return
    versions.invalidate(PRODUCTS)


def save_manual(product: Product, file: File | str) -> None:
    """Save an uploaded manual, or the name of one in the storage."""
    product.manual = file
    save_product(product, changed=["manual"])


@transaction.atomic
def delete_products(products: QuerySet[Product]) -> None:
    model_files.delete(products)
    versions.invalidate(PRODUCTS)


@transaction.atomic
def save_review(product_id: int, user_id: int, rating: int, body: str) -> Review:
    """Add a user's review of a product, or change it."""
    lock_product(product_id)
    review = Review.objects.filter(product=product_id, user=user_id).first()
    if review:
        add_to_counters(product_id, 0, rating - review.rating)
        review.rating, review.body = rating, body
        review.save(update_fields=["rating", "body"])
    else:
        add_to_counters(product_id, 1, rating)
        review = Review(
            product_id=product_id, user_id=user_id, rating=rating, body=body
        )
        review.save(force_insert=True)
    versions.invalidate(reviews_by(user_id))
    return review


@transaction.atomic
def delete_review(review: Review) -> None:
    lock_product(review.product_id)
    current = Review.objects.filter(pk=review.pk).first()
    if not current:  # deleted meanwhile
        return
    add_to_counters(current.product_id, -1, -current.rating)
    versions.invalidate(reviews_by(current.user_id))
    current.delete()


def update_modified(
    instance: User, update_fields: Collection[str] | None = None, **kwargs: object
) -> None:
    """Receive a user who is saved or deleted: product pages name the authors of reviews."""
    if update_fields is None or "name" in update_fields:
        reviewed = Product.objects.filter(reviews__user=instance)
        reviewed.update(modified=timezone.now())


def lock_product(product_id: int) -> None:
    """Lock a product until this transaction ends, so that its reviews change in turn."""
    products = Product.objects.select_for_update(no_key=True).only("pk")
    products.filter(pk=product_id).first()


def add_to_counters(product_id: int, reviews: int, ratings: int) -> None:
    """Add to a product's counters in the database, where no update is lost."""
    Product.objects.filter(pk=product_id).update(
        review_count=F("review_count") + reviews,
        rating_sum=F("rating_sum") + ratings,
        modified=timezone.now(),
    )
