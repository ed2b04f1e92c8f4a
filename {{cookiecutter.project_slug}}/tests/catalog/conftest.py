from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.test import Client

from apps.accounts.models import User
from apps.catalog.models import Category, Product, Review, Tag

MakeProducts = Callable[[int], list[Product]]


@pytest.fixture(autouse=True)
def empty_caches() -> None:
    for name in ("default", "process"):
        caches[name].clear()


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
def other_user(db: None) -> User:
    return User.objects.create_user("bo@example.com", name="Bo")


@pytest.fixture
def editor(client: Client, user: User) -> Client:
    """A client of a user who may add and change products."""
    codenames = ["add_product", "change_product"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return client


@pytest.fixture
def make_products(db: None) -> MakeProducts:
    """Save products, each with a category of its own, two tags and a review."""

    def make_products(count: int) -> list[Product]:
        start = Product.objects.count()
        numbers = range(start, start + count)
        categories = Category.objects.bulk_create(
            Category(name=f"Category {i}", slug=f"category-{i}") for i in numbers
        )
        products = Product.objects.bulk_create(
            Product(sku=f"P-{i:06}", name=f"Oak chair {i}", category=own, price=i % 7)
            for i, own in zip(numbers, categories, strict=True)
        )
        names = ("new", "sale")
        Tag.objects.bulk_create([Tag(name=n) for n in names], ignore_conflicts=True)
        tags = Tag.objects.filter(name__in=names)
        through = Product.tags.through
        through.objects.bulk_create(
            through(product=product, tag=tag) for product in products for tag in tags
        )
        users = User.objects.bulk_create(
            User(email=f"{number}@example.com", name=f"User {number}")
            for number in numbers
        )
        Review.objects.bulk_create(
            Review(product=product, user=user, rating=4)
            for product, user in zip(products, users, strict=True)
        )
        return products

    return make_products
