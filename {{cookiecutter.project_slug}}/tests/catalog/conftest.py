from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.test import Client

from apps.accounts.models import User
from apps.catalog import seeds
from apps.catalog.models import Category, Product

MakeProducts = Callable[[int], object]


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
def editor(user: User) -> Client:
    """A client of a user who may add and change products."""
    codenames = ["add_product", "change_product"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return signed_in(user)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def make_products(db: None) -> MakeProducts:
    """Add made-up products up to a number, with tags and reviews."""
    return lambda target: [*seeds.fill(target, seed=1)]
