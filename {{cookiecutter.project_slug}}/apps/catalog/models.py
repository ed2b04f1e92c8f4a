from secrets import token_hex

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
)
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .querysets import ProductQuerySet, ReviewQuerySet

PUBLISHED = models.Q(is_published=True)


def public() -> Storage:
    return storages["public"]


def picture_name(product: "Product", name: str) -> str:
    """Return a name that nobody can guess: nothing of what somebody's file was called."""
    return f"products/{token_hex(16)}.webp"


def manual_name(product: "Product", name: str) -> str:
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


class Product(models.Model):
    """Something on offer. Its counters are changed by `services` only, with F()."""

    sku = models.SlugField(_("article number"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=200)
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        related_name="products",
        verbose_name=_("category"),
        # The indexes below start with it.
        db_index=False,
    )
    tags = models.ManyToManyField(
        Tag, related_name="products", verbose_name=_("tags"), blank=True
    )
    description = models.TextField(
        _("description"), blank=True, validators=[MaxLengthValidator(10_000)]
    )
    price = models.DecimalField(
        _("price"),
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(0)],
    )
    is_published = models.BooleanField(_("published"), default=True)
    review_count = models.PositiveIntegerField(
        _("reviews"), default=0, db_default=0, editable=False
    )
    rating_sum = models.PositiveIntegerField(
        _("sum of ratings"), default=0, db_default=0, editable=False
    )
    # Files are changed by `services` only, which remove the ones before.
    picture = models.FileField(
        _("picture"),
        storage=public,
        upload_to=picture_name,
        blank=True,
        default="",
        db_default="",
    )
    picture_width = models.PositiveSmallIntegerField(
        _("width"), null=True, editable=False
    )
    picture_height = models.PositiveSmallIntegerField(
        _("height"), null=True, editable=False
    )
    # Made by a task; until then lists show the picture itself.
    thumbnail = models.FileField(
        _("thumbnail"),
        storage=public,
        upload_to=picture_name,
        editable=False,
        blank=True,
        default="",
        db_default="",
    )
    # For who is signed in: in the private storage, where an address is signed.
    manual = models.FileField(
        _("manual"),
        upload_to=manual_name,
        editable=False,
        blank=True,
        default="",
        db_default="",
    )
    # Of all that the product's page shows, its reviews included: see the page's ETag.
    modified = models.DateTimeField(_("modified"), default=timezone.now, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        # Visitors see what is published, so the indexes hold nothing else. Each list has
        # the one that gives its rows in order: a page costs what it shows.
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
        # A migration adds one that only PostgreSQL has: for the search in names.

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:product", args=[self.sku])

    @property
    def rating(self) -> float | None:
        """The mean of its ratings, 1 to 5; None before the first."""
        return self.rating_sum / self.review_count if self.review_count else None


class Review(models.Model):
    """What somebody thinks of a product: one for each of them, which can be changed."""

    product = models.ForeignKey(
        Product,
        on_delete=models.CASCADE,
        related_name="reviews",
        verbose_name=_("product"),
        db_index=False,
    )
    # It stays when its author leaves, so that the product's counters are right.
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
    body = models.TextField(
        _("review"), blank=True, validators=[MaxLengthValidator(2_000)]
    )
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
            # Covers the count of each rating: answered without a look at the table.
            models.Index(fields=["product", "rating"], name="catalog_ratings"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.rating}"


class Import(models.Model):
    """A file of products that somebody uploaded, and how far it is: see `imports`."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CHECKING = "checking", _("checking")
        SAVING = "saving", _("saving")
        SAVED = "saved", _("saved")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    # In the storage, where it is deleted when the import is over.
    file = models.CharField(_("file"), max_length=200)
    keep_good = models.BooleanField(_("good rows are kept"))
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.WAITING
    )
    # Of the file, in this state.
    percent = models.PositiveSmallIntegerField(_("per cent"), default=0)
    # What an ImportReport says, as soon as it is over; a line for each error.
    saved = models.PositiveIntegerField(_("products saved"), default=0)
    error_count = models.PositiveIntegerField(_("rows in error"), default=0)
    errors = models.TextField(_("errors"), blank=True)
    created = models.DateTimeField(_("uploaded"), default=timezone.now, db_index=True)
    finished = models.DateTimeField(_("over"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return f"{self.pk}: {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:import-progress", args=[self.pk])
