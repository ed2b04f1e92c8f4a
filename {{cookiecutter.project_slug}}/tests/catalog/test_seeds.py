import pytest
from django.core.management import call_command
from django.db.models import Count, Sum

from apps.catalog import seeds
from apps.catalog.models import Product, Review

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeds, "BATCH_SIZE", 20)


def contents() -> list[tuple[object, ...]]:
    products = Product.objects.order_by("sku").annotate(tagged=Count("tags"))
    return list(products.values_list("sku", "name", "price", "rating_sum", "tagged"))


def clear() -> None:
    Product.objects.all().delete()


def test_the_same_seed_gives_the_same_products() -> None:
    call_command("seed_catalog", products=50)
    first = contents()
    assert len(first) == 50

    clear()
    call_command("seed_catalog", products=50)
    assert contents() == first

    clear()
    call_command("seed_catalog", products=50, seed=2)
    assert contents() != first


def test_what_was_stopped_leaves_whole_batches_and_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("seed_catalog", products=50)
    whole = contents()
    clear()
    create = Review.objects.bulk_create

    def press_ctrl_c(reviews: list[Review]) -> None:
        if Product.objects.count() > 20:
            raise KeyboardInterrupt
        create(reviews)

    with monkeypatch.context() as patch:
        patch.setattr(Review.objects, "bulk_create", press_ctrl_c)
        with pytest.raises(SystemExit) as stop:
            call_command("seed_catalog", products=50)

    assert stop.value.code == 130
    assert "Stopped at 20." in capsys.readouterr().err
    assert contents() == whole[:20]

    call_command("seed_catalog", products=50)
    assert contents() == whole


def test_the_counters_agree_with_the_reviews() -> None:
    call_command("seed_catalog", products=50)

    for product in Product.objects.annotate(
        written=Count("reviews"), given=Sum("reviews__rating", default=0)
    ):
        assert (product.review_count, product.rating_sum) == (
            product.written,
            product.given,
        )
