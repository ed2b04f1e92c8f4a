from secrets import token_hex
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from plinth.data.models import AbstractImport
from plinth.images.models import PictureMixin

from .querysets import ProductQuerySet, ReviewQuerySet

if TYPE_CHECKING:
    from .imports import ProductImporter

PUBLISHED = models.Q(is_published=True)


def manual_name(product: "Product", name: str) -> str:
    """Return a random name: an uploaded one may hold anything, and can be guessed."""
    return f"manuals/{token_hex(16)}.pdf"


class Category(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(_("short name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(PictureMixin):
    """A product for sale. `services` alone writes its counters and its files."""

    sku = models.SlugField(_("article number"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=200)
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        related_name="products",
        verbose_name=_("category"),
        db_index=False,  # the indexes below start with it
    )
    tags = models.ManyToManyField(
        Tag, related_name="products", verbose_name=_("tags"), blank=True
    )
    description = models.TextField(_("description"), max_length=10_000, blank=True)
    price = models.DecimalField(
        _("price"), max_digits=10, decimal_places=2, validators=[MinValueValidator(0)]
    )
    is_published = models.BooleanField(_("published"), default=True)
    review_count = models.PositiveIntegerField(
        _("reviews"), default=0, db_default=0, editable=False
    )
    rating_sum = models.PositiveIntegerField(
        _("sum of ratings"), default=0, db_default=0, editable=False
    )
    # In the default storage, which is private: for signed-in users.
    manual = models.FileField(
        _("manual"),
        upload_to=manual_name,
        editable=False,
        blank=True,
        default="",
        db_default="",
    )
    # Of everything on the product's page, reviews included: the page's Last-Modified.
    modified = models.DateTimeField(_("modified"), default=timezone.now, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        # One for each order of a list, so that a page reads only the rows it shows;
        # partial, as lists show published products only. Migration 0002 adds a trigram
        # index for the search on PostgreSQL.
        indexes = [
            models.Index(
                fields=["category", "-id"],
                condition=PUBLISHED,
                name="catalog_category_newest",
            ),
            models.Index(
                fields=["price", "id"], condition=PUBLISHED, name="catalog_price"
            ),
            models.Index(
                fields=["category", "price", "id"],
                condition=PUBLISHED,
                name="catalog_category_price",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:product", args=[self.sku])

    @property
    def rating(self) -> float | None:
        """The mean rating, 1 to 5; None without reviews."""
        return self.rating_sum / self.review_count if self.review_count else None


class Review(models.Model):
    """A user's review of a product: at most one, which the user can change."""

    product = models.ForeignKey(
        Product,
        on_delete=models.CASCADE,
        related_name="reviews",
        verbose_name=_("product"),
        db_index=False,
    )
    # A review outlives its author, so that the product's counters stay right.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="reviews",
        verbose_name=_("user"),
        db_index=False,
    )
    rating = models.PositiveSmallIntegerField(
        _("rating"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    body = models.TextField(_("review"), max_length=2_000, blank=True)
    created = models.DateTimeField(_("written"), default=timezone.now, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "product"], name="catalog_one_review_each"
            ),
            models.CheckConstraint(
                condition=models.Q(rating__range=(1, 5)), name="catalog_rating_range"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "-id"], name="catalog_product_reviews"),
            models.Index(fields=["user", "-id"], name="catalog_user_reviews"),
            # Covers the count of each rating: an index-only scan.
            models.Index(fields=["product", "rating"], name="catalog_ratings"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.rating}"


class Import(AbstractImport):
    """A file of products that an editor uploaded, imported in the background."""

    task = "apps.catalog.tasks.import_products"

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def get_importer(self) -> "ProductImporter":
        from .imports import ProductImporter

        return ProductImporter()

    def get_absolute_url(self) -> str:
        return reverse("catalog:import-progress", args=[self.pk])
