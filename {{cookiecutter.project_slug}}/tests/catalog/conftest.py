from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.cache import caches

from apps.accounts.models import User
from apps.catalog.models import Category, Product, Review, Tag

MakeProducts = Callable[[int], list[Product]]


@pytest.fixture(autouse=True)
def an_empty_cache() -> None:
    for each in ("default", "process"):
        caches[each].clear()


@pytest.fixture
def category(db: None) -> Category:
    return Category.objects.create(name="Lamps", slug="lamps")


@pytest.fixture
def product(category: Category) -> Product:
    return Product.objects.create(
        sku="L-1",
        name="Brass lamp",
        category=category,
        price=Decimal("12.50"),
        description="It shines.",
    )


@pytest.fixture
def make_products(category: Category) -> MakeProducts:
    """Save so many products more, each with two tags and with a review of somebody's."""

    def make_products(count: int) -> list[Product]:
        start = Product.objects.count()
        numbers = range(start, start + count)
        categories = Category.objects.bulk_create(
            Category(name=f"Category {i}", slug=f"category-{i}") for i in numbers
        )
        products = Product.objects.bulk_create(
            Product(
                sku=f"P-{number:06}",
                name=f"Oak chair {number}",
                category=own,
                price=Decimal(number % 7),
            )
            for number, own in zip(numbers, categories, strict=True)
        )
        names = ("new", "sale")
        Tag.objects.bulk_create([Tag(name=n) for n in names], ignore_conflicts=True)
        tags = Tag.objects.filter(name__in=names)
        through = Product.tags.through
        through.objects.bulk_create(
            through(product=product, tag=tag) for product in products for tag in tags
        )
        users = User.objects.bulk_create(
            User(email=f"{number}@example.com", name=f"Visitor {number}")
            for number in numbers
        )
        Review.objects.bulk_create(
            Review(product=product, user=user, rating=4)
            for product, user in zip(products, users, strict=True)
        )
        return products

    return make_products
