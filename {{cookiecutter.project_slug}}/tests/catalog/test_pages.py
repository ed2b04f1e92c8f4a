"""The pages: what they show, to whom, from which cache, and how they refuse."""

import re
from http import HTTPStatus
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.models import Category, Product, Review
from apps.catalog.querysets import PAGE_SIZE
from plinth.testing.plugin import Commit

from .conftest import MakeProducts

pytestmark = pytest.mark.django_db

HOME = reverse("catalog:home")
PRODUCTS = reverse("catalog:products")
MY_REVIEWS = reverse("catalog:my-reviews")
EXPORT = reverse("catalog:export")

HOSTILE = ["' OR 1=1 --", "'; DROP TABLE catalog_product; --", "%", "\x00", "9" * 5_000]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# Caching


@pytest.mark.practice(1)
def test_home_page_is_cached_for_everybody(
    product: Product, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = signed_in(user).get(HOME)
    assertContains(first, product.name)
    assertNotContains(first, "csrf")
    assert "Cookie" not in first.headers.get("Vary", "")

    caches["process"].clear()  # as in another process
    with django_assert_num_queries(0):
        second = Client().get(HOME)

    assert second.content == first.content


@pytest.mark.practice(1)
def test_changed_product_is_on_the_home_page_at_once(
    client: Client, product: Product, commit: Commit
) -> None:
    client.get(HOME)

    product.name = "Copper lamp"
    with commit():
        services.save_product(product, ["name"])

    assertContains(client.get(HOME), "Copper lamp")


@pytest.mark.practice(1, 55)
def test_own_page_is_cached_for_its_user(
    product: Product, user: User, other_user: User, settings: Settings, commit: Commit
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    services.save_review(product.pk, user.pk, 5, "Mine alone")
    ann, bo = signed_in(user), signed_in(other_user)
    ann.get(MY_REVIEWS)  # sets the CSRF cookie
    ann.get(MY_REVIEWS)

    with CaptureQueriesContext(connection) as captured:
        cached = ann.get(MY_REVIEWS)
    assertContains(cached, "Mine alone")
    assert len(captured) == 1  # the user, whose session may have ended
    assertNotContains(bo.get(MY_REVIEWS), "Mine alone")
    assertRedirects(Client().get(MY_REVIEWS), f"/accounts/sign-in/?next={MY_REVIEWS}")
    assert "private" in cached.headers["Cache-Control"]
    assert "no-cache" in cached.headers["Cache-Control"]

    with commit():
        services.save_review(product.pk, user.pk, 4, "A new one")
    assertContains(ann.get(MY_REVIEWS), "A new one")


@pytest.mark.practice(2)
def test_fragment_is_cached_for_its_category(
    client: Client, category: Category, make_products: MakeProducts, commit: Commit
) -> None:
    first, second, *_, newest = [
        Product.objects.create(sku=f"L-{i}", name="Lamp", category=category, price=1)
        for i in range(6)
    ]
    (elsewhere,) = make_products(1)

    def made(product: Product) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(product.get_absolute_url())
        # The fragment's own query joins the category, for its name.
        cards = [q["sql"] for q in captured if "LIMIT 3" in q["sql"]]
        return sum("JOIN" in sql for sql in cards)

    assert made(first) == 1
    assert made(second) == made(first) == 0
    assert made(elsewhere) == 1

    with commit():
        services.save_product(newest, ["name"])
    assert made(first) == 1


def test_other_products_do_not_include_the_product(
    client: Client, product: Product
) -> None:
    for number in range(3):
        Product.objects.create(
            sku=f"M-{number}", name="Lamp", category=product.category, price=1
        )
    newest = Product.objects.latest("pk")

    for shown in (product, newest):
        _, _, others = client.get(shown.get_absolute_url()).text.partition('id="more"')
        assert others.count("<h3>") == 3
        assert f'href="{shown.get_absolute_url()}"' not in others


@pytest.mark.practice(55)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_unchanged_page_is_answered_with_304(
    product: Product, encoding: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = Client(headers={"accept-encoding": encoding})
    first = client.get(product.get_absolute_url())
    assert first.headers.get("Content-Encoding", "identity") == encoding
    etag = first.headers["ETag"]
    assert first.headers["Last-Modified"]
    # Browsers revalidate each time.
    assert "max-age=0" in first.headers["Cache-Control"]

    with django_assert_num_queries(1):
        second = client.get(product.get_absolute_url(), headers={"if-none-match": etag})

    assert second.status_code == HTTPStatus.NOT_MODIFIED
    assert not second.content


@pytest.mark.practice(55)
def test_changed_page_is_sent_again(
    client: Client, product: Product, user: User
) -> None:
    path = product.get_absolute_url()
    etag = client.get(path).headers["ETag"]

    services.save_review(product.pk, user.pk, 5, "Bright")
    response = client.get(path, headers={"if-none-match": etag})
    assertContains(response, "Bright")

    client.force_login(user)
    etag = response.headers["ETag"]
    assertContains(client.get(path, headers={"if-none-match": etag}), "Sign out")


@pytest.mark.practice(55)
@pytest.mark.parametrize("path", [HOME, PRODUCTS, "/catalog/product/L-1/"])
def test_proxies_cache_pages_without_a_session_alone(
    client: Client, product: Product, user: User, path: str
) -> None:
    for _ in range(2):  # made, and cached
        page = client.get(path)
        said = page.headers["Cache-Control"].split(", ")
        assert {"public", "s-maxage=60", "stale-if-error=86400"} <= {*said}
        assert not page.cookies
        # The home page alone is the same for everybody.
        assert ("Cookie" in page.headers["Vary"]) == (path != HOME)

    client.cookies["sessionid"] = "ended"
    for visitor in (signed_in(user), client):
        said = visitor.get(path).headers["Cache-Control"].split(", ")
        assert "private" in said
        assert not {"public", "s-maxage=60"} & {*said}


def test_proxies_do_not_cache_a_refused_list(client: Client) -> None:
    response = client.get(f"{PRODUCTS}?sort=colour")

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert "public" not in response.headers.get("Cache-Control", "")


# Lists


@pytest.mark.practice(9)
@pytest.mark.parametrize("filters", ["", "?q=chair&sort=price", "?category=lamps"])
def test_list_makes_as_many_queries_for_one_row_as_for_many(
    client: Client, product: Product, make_products: MakeProducts, filters: str
) -> None:
    queries = []
    for count in (1, PAGE_SIZE + 1):
        make_products(count)
        client.get(PRODUCTS)  # caches the totals
        with CaptureQueriesContext(connection) as captured:
            assertContains(client.get(PRODUCTS + filters), "cards")
        queries.append(len(captured))

    assert queries == [2 + ("category" in filters)] * 2


def test_list_is_filtered_and_ordered(client: Client, product: Product) -> None:
    cheap, hidden = (
        Product.objects.create(
            sku=sku, name=name, category=product.category, price=5, is_published=shown
        )
        for sku, name, shown in (("L-2", "Paper lamp", 1), ("L-3", "Oil lamp", 0))
    )

    def names(query: str) -> list[str]:
        rows = client.get(PRODUCTS + query).context["page"].rows
        return [product.name for product in rows]

    assert names("") == [cheap.name, product.name]
    assert names("?sort=-price") == [product.name, cheap.name]
    assert names("?q=BRASS") == [product.name]
    assert names("?price_min=6") == [product.name]
    assert names("?price_max=6") == [cheap.name]
    assert names("?category=lamps&q=paper") == [cheap.name]
    assert client.get(hidden.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND


def test_list_links_to_its_next_page(
    client: Client, make_products: MakeProducts
) -> None:
    make_products(PAGE_SIZE + 6)
    first = client.get(f"{PRODUCTS}?q=oak&sort=price&utm_source=letter")
    link = re.search(r'rel="next"\s+href="([^"]+)"', first.text)
    assert link

    second = client.get(PRODUCTS + link[1].replace("&amp;", "&"))

    seen = {product.pk for product in first.context["page"].rows}
    assert len(second.context["page"].rows) == 6
    assert seen.isdisjoint(product.pk for product in second.context["page"].rows)


def test_changed_filters_start_at_the_first_page(
    client: Client, make_products: MakeProducts
) -> None:
    make_products(PAGE_SIZE + 6)
    after = client.get(PRODUCTS).context["page"].next

    page = client.get(PRODUCTS, {"after": after})

    _, _, form = page.text.partition('<form class="filters">')
    assert "after" not in form.partition("</form>")[0]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "name", ["q", "category", "price_min", "price_max", "sort", "after", "colour"]
)
def test_hostile_parameter_is_refused_or_ignored(
    client: Client, product: Product, name: str, text: str
) -> None:
    response = client.get(f"{PRODUCTS}?{name}={quote(text)}")

    if name == "colour":
        assertContains(response, product.name)
    elif name == "q" and text.startswith("'"):  # a text to search for
        assertContains(response, "No products match.")
    else:
        assertContains(response, 'role="alert"', status_code=HTTPStatus.BAD_REQUEST)


@pytest.mark.parametrize("sku", [quote(text, safe="") for text in HOSTILE])
def test_unknown_product_is_not_found(client: Client, sku: str) -> None:
    response = client.get(f"/catalog/product/{sku}/")

    assert response.status_code == HTTPStatus.NOT_FOUND


# Reviews


def test_user_writes_a_review_and_changes_it(product: Product, user: User) -> None:
    client = signed_in(user)
    path = reverse("catalog:review", args=[product.sku])

    client.post(path, {"rating": 2, "body": "Dim"})
    assertContains(client.get(path), "Dim")
    response = client.post(path, {"rating": 5, "body": "Bright now"}, follow=True)

    assertContains(response, "Thank you for your review.")
    assertContains(response, "Bright now")
    assertContains(response, "Change your review")
    product.refresh_from_db()
    assert (product.review_count, product.rating_sum) == (1, 5)


@pytest.mark.practice(69)
def test_own_review_is_looked_up_by_exists(product: Product, user: User) -> None:
    client = signed_in(user)

    with CaptureQueriesContext(connection) as captured:
        client.get(product.get_absolute_url())

    (sql,) = [q["sql"] for q in captured if q["sql"].startswith("SELECT 1 AS")]
    assert "catalog_review" in sql
    assert sql.endswith("LIMIT 1")


@pytest.mark.parametrize(
    "data",
    [
        {"rating": 0},
        {"rating": 6},
        {"rating": "five"},
        {"rating": 5, "body": "\x00"},
        {"rating": 5, "body": "x" * 2_001},
    ],
)
def test_invalid_review_is_refused(
    product: Product, user: User, data: dict[str, object]
) -> None:
    response = signed_in(user).post(reverse("catalog:review", args=[product.sku]), data)

    assertContains(response, 'role="alert"', status_code=HTTPStatus.BAD_REQUEST)
    assert not Review.objects.exists()


def test_review_of_full_length_is_accepted(product: Product, user: User) -> None:
    data = {"rating": 5, "body": "line\r\n" * 400}  # 2,000, as browsers count

    signed_in(user).post(reverse("catalog:review", args=[product.sku]), data)

    assert Review.objects.get().body.count("line") == 400


def test_review_shows_a_name_and_never_an_address(
    client: Client, product: Product
) -> None:
    nameless = User.objects.create_user("nobody@example.com")
    services.save_review(product.pk, nameless.pk, 3, "Fine")

    page = client.get(product.get_absolute_url())

    assertContains(page, "a visitor")
    assertNotContains(page, "nobody@example.com")


# Export


@pytest.mark.practice(18)
def test_export_is_streamed_to_staff(user: User, product: Product) -> None:
    client = signed_in(user)
    assert client.get(EXPORT).status_code == HTTPStatus.FORBIDDEN
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    Product.objects.update(name='=cmd|"x"')

    response = client.get(EXPORT)

    assert isinstance(response, StreamingHttpResponse)
    assert response.getvalue().decode().splitlines() == [
        "sku,name,category,price,description,reviews",
        # Escaped, as a spreadsheet would run it.
        """L-1,"'=cmd|""x""\",Lamps,12.50,It shines.,0""",
    ]


@pytest.mark.practice(18)
def test_export_starts_before_a_row_is_read(
    admin_client: Client, product: Product
) -> None:
    with CaptureQueriesContext(connection) as captured:
        response = admin_client.get(EXPORT)
        assert next(iter(response)).startswith(b"sku,name")

    assert not [q["sql"] for q in captured if "catalog_product" in q["sql"]]
