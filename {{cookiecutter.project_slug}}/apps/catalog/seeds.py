"""Made-up products to try the catalogue with, the same on every machine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from plinth.cache import versions

from . import services
from .models import Category, Product, Review, Tag

BATCH_SIZE = 2_000
PREFIX = "SEED-"
REVIEWERS = 50

KINDS = {
    "Chairs": ["armchair", "stool", "rocking chair", "bench"],
    "Desks": ["writing desk", "standing desk", "bureau"],
    "Lamps": ["desk lamp", "floor lamp", "lantern", "reading light"],
    "Shelves": ["bookcase", "wall shelf", "cabinet"],
    "Tableware": ["teapot", "bowl", "carafe", "serving dish"],
    "Textiles": ["blanket", "cushion", "rug", "tablecloth"],
}
MATERIALS = ["oak", "walnut", "linen", "brass", "stoneware", "glass", "wool", "cork"]
STYLES = ["plain", "tall", "folding", "round", "low", "striped", "hand-made", "narrow"]
TAGS = ["new", "sale", "recycled", "limited", "classic", "gift"]
OPINIONS = {
    5: "Better than I hoped for.",
    4: "Does what it should, and looks good.",
    3: "All right for the price.",
    2: "Smaller than it looks.",
    1: "Arrived in two parts.",
}
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def fill(target: int, seed: int) -> Iterator[int]:
    """Fill the catalogue up to a number of products; yield the number after each batch.

    A batch is one transaction, and an interrupted run goes on after the last one. A
    product depends on the seed and its own number alone.
    """
    Category.objects.bulk_create(
        [Category(name=name, slug=name.lower()) for name in KINDS],
        ignore_conflicts=True,
    )
    known = dict(Category.objects.values_list("name", "pk"))
    categories = [known[name] for name in KINDS]
    Tag.objects.bulk_create([Tag(name=name) for name in TAGS], ignore_conflicts=True)
    tags = list(Tag.objects.filter(name__in=TAGS).values_list("pk", flat=True))
    reviewers = create_reviewers()
    # With leading zeros, the greatest text is the greatest number.
    last = Product.objects.filter(sku__startswith=PREFIX).aggregate(last=Max("sku"))
    number = int(last["last"].removeprefix(PREFIX)) if last["last"] else 0
    yield number
    while number < target:
        numbers = range(number + 1, min(number + BATCH_SIZE, target) + 1)
        with transaction.atomic():
            create_products(numbers, seed, categories, tags, reviewers)
        number = numbers[-1]
        yield number
    versions.invalidate(services.CATEGORIES)
    versions.invalidate(services.PRODUCTS)


def create_reviewers() -> list[int]:
    """Return the authors of reviews, who have no password."""
    users = [
        User(email=f"reviewer{number}@example.com", name=f"Reviewer {number}")
        for number in range(REVIEWERS)
    ]
    User.objects.bulk_create(users, ignore_conflicts=True)
    known = User.objects.filter(email__in=[user.email for user in users])
    return list(known.order_by("pk").values_list("pk", flat=True))


def create_products(
    numbers: range, seed: int, categories: list[int], tags: list[int], users: list[int]
) -> None:
    products, tagged, reviews = [], [], []
    for number in numbers:
        # A number, as the hash of a text differs between two runs.
        random = Random(seed * 1_000_000_007 + number)  # noqa: S311 (nothing secret)
        kind = random.randrange(len(KINDS))
        style, material = random.choice(STYLES), random.choice(MATERIALS)
        noun = random.choice(list(KINDS.values())[kind])
        product = Product(
            sku=f"{PREFIX}{number:09}",
            name=f"{style.capitalize()} {material} {noun} {number}",
            description=f"A {style} {noun}, made of {material}.",
            category_id=categories[kind],
            price=Decimal(random.randrange(500, 100_000)) / 100,
            is_published=random.randrange(50) > 0,
            modified=EPOCH + timedelta(seconds=number),
        )
        products.append(product)
        chosen = random.sample(tags, random.choice((0, 1, 2)))
        tagged += [(product, tag) for tag in chosen]
        ratings = random.choices(
            (1, 2, 3, 4, 5), (1, 1, 2, 5, 6), k=random.choice((0, 0, 0, 1, 2))
        )
        product.review_count, product.rating_sum = len(ratings), sum(ratings)
        authors = random.sample(users, len(ratings))
        reviews += [
            Review(product=product, user_id=user, rating=rating, body=OPINIONS[rating])
            for user, rating in zip(authors, ratings, strict=True)
        ]
    Product.objects.bulk_create(products)
    Product.tags.through.objects.bulk_create(
        Product.tags.through(product_id=product.pk, tag_id=tag)
        for product, tag in tagged
    )
    Review.objects.bulk_create(reviews)
