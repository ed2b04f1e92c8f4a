import pytest
from django.core.management import call_command
from django.db.models import Count, F, Sum

from apps.catalog.models import Product

pytestmark = pytest.mark.django_db


def seeded(seed: int = 1) -> list[tuple[object, ...]]:
    call_command("seed_catalog", products=25, seed=seed)
    products = Product.objects.order_by("sku").annotate(tagged=Count("tags"))
    return list(products.values_list("sku", "name", "price", "rating_sum", "tagged"))


def test_seed_decides_the_products() -> None:
    first = seeded()
    assert len(first) == 25
    assert Product.objects.exclude(picture="").count() == 12
    counted = Product.objects.annotate(
        written=Count("reviews"), given=Sum("reviews__rating", default=0)
    )
    assert not counted.exclude(review_count=F("written"), rating_sum=F("given"))

    Product.objects.all().delete()
    assert seeded(seed=2) != first
