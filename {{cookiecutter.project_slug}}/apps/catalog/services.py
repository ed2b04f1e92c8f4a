"""What the catalogue writes. Each function is one transaction, and drops what it outdates.

Nobody else writes: the counters of a product would be wrong, and pages old.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import batched

from django.core.files.base import File
from django.core.files.images import get_image_dimensions
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from plinth.cache import versions

from . import pictures
from .bulk import BATCH_SIZE, Entry, upsert
from .formats import Row, UnreadableError
from .models import Category, Product, Review

# The name of the version of what shows products: see plinth/src/plinth/cache/versions.py.
PRODUCTS = "products"

ERRORS_SHOWN = 100

# What the fields of a row must match, and the same in words. Not text are the control
# characters, and the lone surrogates that stand for what was no UTF-8.
TEXT = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
RULES = {
    "sku": (re.compile(r"[a-zA-Z0-9_-]{1,32}"), "1 to 32 letters, digits, - or _"),
    "name": (
        re.compile(r"(?=.*\S)" + TEXT + "{1,200}"),
        "1 to 200 characters, in UTF-8",
    ),
    "price": (
        re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?"),
        "like 12.50, below 100,000,000",
    ),
    "description": (
        re.compile(TEXT + "{0,10000}"),
        "at most 10,000 characters, in UTF-8",
    ),
}


FILES = {"picture", "thumbnail", "manual"}


class StorageFailedError(Exception):
    """The storage did not take a file, so nothing was saved."""

    message = _("The storage for files does not answer. Nothing is saved: try again.")


def reviews_of(user_id: object) -> str:
    """Return the name of the version of somebody's own page."""
    return f"reviews-of-{user_id}"


def save_product(product: Product, changed: Iterable[str]) -> None:
    """Save these fields alone, so that two people who change different ones both do.

    Raise StorageFailedError when a new file can't be stored. The file before it is
    removed once the new one is committed.
    """
    product.modified = timezone.now()
    fields = {*changed, "modified"}
    if "picture" in fields:
        measures = get_image_dimensions(product.picture) if product.picture else None
        product.picture_width, product.picture_height = measures or (None, None)
        product.thumbnail = ""
        fields |= {"picture_width", "picture_height", "thumbnail"}
    with transaction.atomic():
        before = files(Product.objects.filter(pk=product.pk), fields & FILES)
        try:
            product.save(update_fields=fields if product.pk else None)
        except Exception as error:
            # The row is as it was: what was stored for it must not stay behind.
            stored = set(files([product], fields & FILES)) - set(before)
            with suppress(OSError):
                remove_files(stored)
            if isinstance(error, OSError):
                raise StorageFailedError(StorageFailedError.message) from error
            raise
        transaction.on_commit(partial(remove_files, before), robust=True)
        if "picture" in fields and product.picture:
            send_thumbnail(product.pk)
    versions.invalidate(PRODUCTS)


def send_thumbnail(product_id: int) -> None:
    """Have the thumbnail made on commit. A dead broker does not undo the picture."""
    make: Callable[[], object]
    # {% if cookiecutter.use_celery %}
    from . import tasks

    make = partial(tasks.make_thumbnail.delay, product_id)
    # {% else %}
    make = partial(make_thumbnail, product_id)
    # {% endif %}
    transaction.on_commit(make, robust=True)


def make_thumbnail(product_id: int) -> None:
    """Make what lists show of a product's picture, unless it is there.

    If the picture is changed meanwhile, the thumbnail of the one before is thrown away.
    """
    product = Product.objects.filter(pk=product_id, thumbnail="").first()
    if not product or not product.picture:
        return
    with product.picture.open() as picture:
        product.thumbnail.save("", pictures.thumbnail(picture), save=False)
    same = Product.objects.filter(pk=product_id, picture=product.picture, thumbnail="")
    if not same.update(thumbnail=product.thumbnail, modified=timezone.now()):
        remove_files([product.thumbnail])
    versions.invalidate(PRODUCTS)


def save_manual(product: Product, file: File | str) -> None:
    """Save a manual, or the name of one that is stored already."""
    product.manual = file
    save_product(product, changed=["manual"])


@transaction.atomic
def remove_products(products: QuerySet[Product]) -> None:
    """Delete products, and on commit their files."""
    transaction.on_commit(partial(remove_files, files(products, FILES)), robust=True)
    products.delete()
    versions.invalidate(PRODUCTS)


def files(products: Iterable[Product], fields: Iterable[str]) -> list[FieldFile]:
    """Return the files of products that are stored."""
    found = [
        getattr(product, field) for product in products for field in sorted(fields)
    ]
    # One that is not committed is still in the request.
    return [file for file in found if file and file._committed]  # noqa: SLF001


def remove_files(files: Iterable[FieldFile]) -> None:
    for file in files:
        file.storage.delete(str(file.name))


@transaction.atomic
def write_review(product_id: int, user_id: int, rating: int, body: str) -> Review:
    """Save somebody's review of a product, or change the one that there is."""
    lock(product_id)
    review = Review.objects.filter(product=product_id, user=user_id).first()
    if review:
        count(product_id, 0, rating - review.rating)
        review.rating, review.body = rating, body
        review.save(update_fields=["rating", "body"])
    else:
        count(product_id, 1, rating)
        review = Review(
            product_id=product_id, user_id=user_id, rating=rating, body=body
        )
        review.save(force_insert=True)
    versions.invalidate(reviews_of(user_id))
    return review


@transaction.atomic
def remove_review(review: Review) -> None:
    lock(review.product_id)
    review.refresh_from_db(fields=["rating"])
    count(review.product_id, -1, -review.rating)
    versions.invalidate(reviews_of(review.user_id))
    review.delete()


def lock(product_id: int) -> None:
    """Wait for others who write a review of the same product, until this transaction ends.

    So nobody's two clicks make two reviews, and a rating that is read is the last one.
    """
    bool(Product.objects.select_for_update(no_key=True).filter(pk=product_id))


def count(product_id: int, reviews: int, ratings: int) -> None:
    """Add to a product's counters in the database, where no other's addition is lost."""
    Product.objects.filter(pk=product_id).update(
        review_count=F("review_count") + reviews,
        rating_sum=F("rating_sum") + ratings,
        modified=timezone.now(),
    )


@dataclass
class ImportReport:
    saved: int = 0
    # Line of the file, and what is wrong there: the first ERRORS_SHOWN.
    errors: list[tuple[int, str]] = field(default_factory=list)
    error_count: int = 0

    def add(self, line: int, message: str) -> None:
        self.error_count += 1
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append((line, message))


def import_products(rows: Iterable[Row], *, keep_good: bool) -> ImportReport:
    """Save the products that rows describe; one whose SKU is known is changed.

    Rows in error are reported. The others are saved, batch by batch, if good ones are to
    be kept; if not, nothing is saved. Of two rows with one SKU the later wins. Memory is
    bounded for any number of rows.
    """
    report = ImportReport()
    with nullcontext() if keep_good else transaction.atomic():
        for batch in batched(entries(rows, report), BATCH_SIZE, strict=False):
            # Once all is refused, the rest of the file is only looked at.
            if keep_good or not report.error_count:
                # One statement can't change a row twice: the later one wins.
                by_sku = {entry.sku: entry for entry in batch}
                upsert(by_sku.values())
                report.saved += len(by_sku)
        if report.error_count and not keep_good:
            transaction.set_rollback(True)
            report.saved = 0
    versions.invalidate(PRODUCTS)
    return report


def check_products(rows: Iterable[Row]) -> ImportReport:
    """Report the rows in error; save nothing."""
    report = ImportReport()
    for _entry in entries(rows, report):
        pass
    return report


def entries(rows: Iterable[Row], report: ImportReport) -> Iterator[Entry]:
    """Yield the product of each good row, and report the others."""
    categories = dict(Category.objects.values_list("name", "pk"))
    now = timezone.now()
    try:
        for line, fields, fault in rows:
            if fault := fault or find_fault(fields, categories):
                report.add(line, fault)
            else:
                yield Entry(
                    sku=fields["sku"],
                    name=fields["name"],
                    category_id=categories[fields["category"]],
                    price=fields["price"],
                    description=fields.get("description", ""),
                    modified=now,
                )
    except UnreadableError as error:
        report.add(error.line, f"{error}; the file was not read further")


def find_fault(fields: dict[str, str], categories: dict[str, int]) -> str:
    """Say what is wrong with a row; an empty text if nothing is.

    By hand: a form would check the same, and take ten times as long.
    """
    for name, (pattern, rule) in RULES.items():
        if not pattern.fullmatch(fields.get(name, "")):
            return f"{name} must be {rule}"
    if fields["category"] not in categories:
        return f"there is no category {fields['category']!a:.80}"
    return ""
