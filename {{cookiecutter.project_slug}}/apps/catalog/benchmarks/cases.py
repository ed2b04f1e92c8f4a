"""The catalogue's pages, with variants that lack one practice."""

from dataclasses import replace

from django.db import connection
from django.urls import reverse
from django.utils.http import http_date

from apps.accounts.models import User
from apps.catalog import seeds, services
from apps.catalog.models import Product
from apps.catalog.querysets import PAGE_SIZE
from plinth.benchmarks.cases import Case, Page, compressed
from plinth.benchmarks.journeys import Journey, Visitor, link
from plinth.database import keyset

URLS = "apps.catalog.benchmarks.urls"
SERVERS = {
    "no joins": {"BENCHMARK_APPS": "apps.catalog.benchmarks.joins.WithoutJoins"},
}
PRODUCTS = 5_000
REVIEWS = 20


def seed(user: User) -> None:
    """Fill the catalogue, with reviews by this user, who may export it."""
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    for _ in seeds.fill(PRODUCTS, seed=1):
        pass
    for product in Product.objects.published().order_by("-id")[:REVIEWS]:
        services.save_review(product.pk, user.pk, 4, "As good as it looks.")
    # Statistics of the empty tables would mislead the planner.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def pages(signed_in: dict[str, str]) -> list[Page]:
    published = Product.objects.published()
    number = published.count() // PAGE_SIZE // 2
    cursor = keyset.paginate(published.order_by("-id"), number * PAGE_SIZE).next
    seen = published.filter(review_count__gt=0).latest("pk")

    home = Case("Catalogue", reverse("catalog:home"))
    products = Case("Products", reverse("catalog:products"))
    search = replace(products, name="Search", path=f"{products.path}?q=oak&sort=price")
    middle = replace(
        products,
        name="Products, middle",
        path=f"{products.path}?after={cursor}",
    )
    numbered = replace(
        middle, name="no keyset", path=f"/without/keyset/?page={number + 1}"
    )
    product = Case("Product", seen.get_absolute_url())
    headers = {"If-Modified-Since": http_date(seen.modified.timestamp())}
    again = replace(product, name="Product, not modified", headers=headers, status=304)
    mine = Case("My reviews", reverse("catalog:my-reviews"), headers=signed_in)
    export = Case("Export", reverse("catalog:export"), headers=signed_in)
    whole = replace(export, name="no streaming", path="/without/streaming/")
    return [
        Page(home, [home.on("no cache"), compressed(home)]),
        Page(products, [products.on("no joins"), products.on("no cache")]),
        Page(search, [search.on("no joins")]),
        Page(middle, [numbered]),
        Page(
            product,
            [product.on("no joins"), product.on("CONN_MAX_AGE=0")],
            queries=True,
        ),
        Page(again, [replace(product, name="no ETag")]),
        Page(mine, [mine.on("no cache"), mine.on("no joins")]),
        Page(export, [whole]),
    ]


def browse(visitor: Visitor) -> None:
    visitor.get(reverse("catalog:home"), "home")
    page = visitor.get(reverse("catalog:products"), "list")
    visitor.get(link(page, "catalog:product"), "product")


def search(visitor: Visitor) -> None:
    visitor.get(f"{reverse('catalog:products')}?q=oak&sort=price", "search")


def review(visitor: Visitor) -> None:
    page = visitor.get(reverse("catalog:products"), "list")
    page = visitor.get(link(page, "catalog:product"), "product")
    form = link(page, "catalog:review")
    visitor.get(form, "form")
    visitor.post(form, "review", {"rating": "4", "body": "As good as it looks."})


def journeys() -> list[Journey]:
    return [
        Journey("Browse", browse, weight=10),
        Journey("Search", search, weight=5),
        Journey("Review", review, signed_in=True, writes=True),
    ]
