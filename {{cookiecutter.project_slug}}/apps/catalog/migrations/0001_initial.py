import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models

ID = models.BigAutoField("ID", primary_key=True, auto_created=True, serialize=False)


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            "Category",
            [
                ("id", ID),
                ("name", models.CharField("name", max_length=80, unique=True)),
                ("slug", models.SlugField("short name", max_length=80, unique=True)),
            ],
            {
                "verbose_name": "category",
                "verbose_name_plural": "categories",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            "Tag",
            [
                ("id", ID),
                ("name", models.CharField("name", max_length=40, unique=True)),
            ],
            {
                "verbose_name": "tag",
                "verbose_name_plural": "tags",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            "Product",
            [
                ("id", ID),
                ("sku", models.SlugField("article number", max_length=32, unique=True)),
                ("name", models.CharField("name", max_length=200)),
                (
                    "description",
                    models.TextField("description", max_length=10000, blank=True),
                ),
                (
                    "price",
                    models.DecimalField(
                        "price",
                        max_digits=10,
                        decimal_places=2,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                ("is_published", models.BooleanField("published", default=True)),
                (
                    "review_count",
                    models.PositiveIntegerField(
                        "reviews", default=0, db_default=0, editable=False
                    ),
                ),
                (
                    "rating_sum",
                    models.PositiveIntegerField(
                        "sum of ratings", default=0, db_default=0, editable=False
                    ),
                ),
                (
                    "modified",
                    models.DateTimeField(
                        "modified", default=django.utils.timezone.now, editable=False
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        "catalog.category",
                        django.db.models.deletion.PROTECT,
                        related_name="products",
                        verbose_name="category",
                        db_index=False,
                    ),
                ),
                (
                    "tags",
                    models.ManyToManyField(
                        "catalog.tag",
                        "products",
                        verbose_name="tags",
                        blank=True,
                    ),
                ),
            ],
            {"verbose_name": "product", "verbose_name_plural": "products"},
        ),
        migrations.CreateModel(
            "Review",
            [
                ("id", ID),
                (
                    "rating",
                    models.PositiveSmallIntegerField(
                        "rating",
                        validators=[MinValueValidator(1), MaxValueValidator(5)],
                    ),
                ),
                ("body", models.TextField("review", max_length=2000, blank=True)),
                (
                    "created",
                    models.DateTimeField(
                        "written", default=django.utils.timezone.now, editable=False
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        "catalog.product",
                        django.db.models.deletion.CASCADE,
                        related_name="reviews",
                        verbose_name="product",
                        db_index=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        django.db.models.deletion.SET_NULL,
                        related_name="reviews",
                        verbose_name="user",
                        null=True,
                        db_index=False,
                    ),
                ),
            ],
            {
                "verbose_name": "review",
                "verbose_name_plural": "reviews",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "product"), name="catalog_one_review_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rating__range", (1, 5))),
                        name="catalog_rating_range",
                    ),
                ],
            },
        ),
    ]
