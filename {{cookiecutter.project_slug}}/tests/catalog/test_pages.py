"""The pages: who sees what, what is kept for whom, and how a bad request is refused."""

import re
from http import HTTPStatus
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache, caches
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import (
    DjangoAssertNumQueries,
    DjangoCaptureOnCommitCallbacks,
    Settings,
)
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from apps.accounts.models import User
from apps.catalog import formats, services
from apps.catalog.models import Category, Product, Review
from apps.catalog.querysets import PAGE_SIZE
from tests.conftest import PASSWORD

from .conftest import MakeProducts

pytestmark = pytest.mark.django_db

HOME = reverse("catalog:home")
PRODUCTS = reverse("catalog:products")
MY_REVIEWS = reverse("catalog:my-reviews")
EXPORT = reverse("catalog:export")

HOSTILE = ["' OR 1=1 --", "'; DROP TABLE catalog_product; --", "%", "\x00", "9" * 5_000]


@pytest.fixture
def sessions_in_memory(settings: Settings) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"


@pytest.fixture
def other() -> User:
    return User.objects.create_user("bo@example.com", PASSWORD, name="Bo")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# Kept pages


@pytest.mark.practice(1)
def test_the_home_page_is_made_once_for_all(
    product: Product, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = signed_in(user).get(HOME)
    assertContains(first, product.name)
    # Who came first is nowhere on it, nor is it kept for them alone.
    assertNotContains(first, "csrf")
    assert "Cookie" not in first.headers.get("Vary", "")

    caches["process"].clear()  # as another process has it
    with django_assert_num_queries(0):
        second = Client().get(HOME)

    assert second.content == first.content


@pytest.mark.practice(1)
def test_a_busy_process_does_not_ask_the_cache_for_the_home_page(
    client: Client, product: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = client.get(HOME)
    cache.clear()

    with django_assert_num_queries(0):
        assert client.get(HOME).content == first.content


@pytest.mark.practice(1)
def test_a_change_of_a_product_is_on_the_home_page_at_once(
    client: Client,
    product: Product,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.get(HOME)

    product.name = "Copper lamp"
    with django_capture_on_commit_callbacks(execute=True):
        services.save_product(product, ["name"])

    assertContains(client.get(HOME), "Copper lamp")


@pytest.mark.practice(1, 55)
@pytest.mark.usefixtures("sessions_in_memory")
def test_ones_own_page_is_made_once_for_oneself(
    product: Product,
    user: User,
    other: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    services.write_review(product.pk, user.pk, 5, "Mine alone")
    ann, bo = signed_in(user), signed_in(other)
    ann.get(reverse("accounts:profile"))  # which brings the last of the cookies
    assertContains(ann.get(MY_REVIEWS), "Mine alone")

    with django_assert_num_queries(0):
        again = ann.get(MY_REVIEWS)
    assertContains(again, "Mine alone")
    assertNotContains(bo.get(MY_REVIEWS), "Mine alone")
    assertNotContains(bo.get(MY_REVIEWS), "Mine alone")
    assertRedirects(Client().get(MY_REVIEWS), f"/accounts/sign-in/?next={MY_REVIEWS}")
    said = again.headers["Cache-Control"]
    assert "private" in said
    # After a change their own browser must not show what it has.
    assert "no-cache" in said


@pytest.mark.practice(1)
@pytest.mark.usefixtures("sessions_in_memory")
def test_one_page_of_somebody_is_not_shown_in_their_other_browser(user: User) -> None:
    """A page has the token of its own browser, with which alone its forms work."""
    for _ in range(2):
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        client.get(reverse("accounts:profile"))  # which brings the cookie
        token = re.search(
            r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(MY_REVIEWS).text
        )
        assert token

        signed_out = client.post(
            reverse("accounts:sign-out"), {"csrfmiddlewaretoken": token[1]}
        )

        assertRedirects(signed_out, reverse("pages:home"))


@pytest.mark.practice(1)
@pytest.mark.usefixtures("sessions_in_memory")
def test_a_new_review_is_on_ones_own_page_at_once(
    product: Product,
    user: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client = signed_in(user)
    client.get(reverse("accounts:profile"))  # which brings the last of the cookies
    client.get(MY_REVIEWS)

    with django_capture_on_commit_callbacks(execute=True):
        services.write_review(product.pk, user.pk, 4, "A new one")

    assertContains(client.get(MY_REVIEWS), "A new one")


@pytest.mark.practice(1)
def test_a_session_that_has_ended_shows_nothing(user: User, product: Product) -> None:
    services.write_review(product.pk, user.pk, 5, "Mine alone")
    client = signed_in(user)
    assertContains(client.get(MY_REVIEWS), "Mine alone")
    client.session.flush()

    assert client.get(MY_REVIEWS).status_code == HTTPStatus.FOUND


def listings(client: Client, product: Product) -> int:
    """How many queries for the list of other products a page makes."""
    with CaptureQueriesContext(connection) as captured:
        client.get(product.get_absolute_url())
    return sum("LIMIT 25" in query["sql"] for query in captured)


@pytest.mark.practice(2)
def test_a_fragment_is_made_once_for_each_category(
    client: Client,
    product: Product,
    make_products: MakeProducts,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    (elsewhere,) = make_products(1)

    assert listings(client, product) == 1
    assert listings(client, product) == 0
    assert listings(client, elsewhere) == 1

    with django_capture_on_commit_callbacks(execute=True):
        services.save_product(product, ["name"])
    assert listings(client, product) == 1


# A page that browsers keep


@pytest.mark.practice(55)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_page_that_has_not_changed_is_not_sent_again(
    product: Product, encoding: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = Client(headers={"accept-encoding": encoding})
    first = client.get(product.get_absolute_url())
    assert first.headers.get("Content-Encoding", "identity") == encoding
    etag = first.headers["ETag"]
    assert first.headers["Last-Modified"]
    # A browser asks each time whether it may use what it has.
    assert "max-age=0" in first.headers["Cache-Control"]
    assert "while-revalidate" not in first.headers["Cache-Control"]

    with django_assert_num_queries(1):
        second = client.get(product.get_absolute_url(), headers={"if-none-match": etag})

    assert second.status_code == HTTPStatus.NOT_MODIFIED
    assert not second.content


@pytest.mark.practice(55)
def test_a_page_is_sent_again_when_somebody_reviews_the_product(
    client: Client, product: Product, user: User
) -> None:
    path = product.get_absolute_url()
    etag = client.get(path).headers["ETag"]

    services.write_review(product.pk, user.pk, 5, "Bright")

    assertContains(client.get(path, headers={"if-none-match": etag}), "Bright")


@pytest.mark.practice(55)
def test_a_page_is_sent_again_to_who_signs_in(
    client: Client, product: Product, user: User
) -> None:
    path = product.get_absolute_url()
    etag = client.get(path).headers["ETag"]
    client.force_login(user)

    assertContains(client.get(path, headers={"if-none-match": etag}), "Sign out")


# Pages that caches in front keep

PATHS = [HOME, PRODUCTS, "/catalog/product/L-1/"]


@pytest.mark.parametrize("path", PATHS)
def test_a_cache_in_front_may_keep_a_page_for_who_has_no_session(
    client: Client, product: Product, path: str
) -> None:
    for _ in range(2):  # made, and then kept
        page = client.get(path)

        assert page.status_code == HTTPStatus.OK
        said = page.headers["Cache-Control"].split(", ")
        assert "public" in said
        assert "s-maxage=60" in said
        assert "stale-if-error=86400" in said
        assert not page.cookies
        varies = page.headers["Vary"].split(", ")
        assert "Accept-Encoding" in varies
        # The home page alone is the same for everybody.
        assert ("Cookie" in varies) == (path != HOME)


@pytest.mark.practice(55)
@pytest.mark.parametrize("path", PATHS)
def test_no_cache_in_front_keeps_a_page_for_who_has_a_session(
    client: Client, product: Product, user: User, path: str
) -> None:
    client.get(path)
    client.cookies["sessionid"] = "ended"

    for visitor in (signed_in(user), client):
        said = visitor.get(path).headers["Cache-Control"]

        assert "private" in said
        assert "public" not in said
        assert "s-maxage" not in said


def test_no_cache_in_front_keeps_what_was_refused(client: Client) -> None:
    response = client.get(f"{PRODUCTS}?colour=red")

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert "public" not in response.headers.get("Cache-Control", "")


# Links from elsewhere


def test_unknown_parameters_of_a_list_are_ignored(
    client: Client, make_products: MakeProducts
) -> None:
    make_products(PAGE_SIZE + 1)

    page = client.get(f"{PRODUCTS}?q=oak&utm_source=letter&colour=red")

    assert len(page.context["page"].products) == PAGE_SIZE
    assertNotContains(page, "utm_source")  # nor does the link to the next page


# Lists


@pytest.mark.parametrize("count", [10, 1_000])
@pytest.mark.parametrize("asked", ["", "?q=chair&sort=price", "?category=lamps"])
def test_a_list_makes_the_same_few_queries_for_any_number_of_products(
    client: Client,
    category: Category,
    make_products: MakeProducts,
    count: int,
    asked: str,
) -> None:
    Product.objects.bulk_create(
        Product(sku=f"L-{i}", name="Lamp", category=category, price=i)
        for i in range(count)
    )
    make_products(count)
    client.get(PRODUCTS)  # which keeps the totals

    with CaptureQueriesContext(connection) as captured:
        assertContains(client.get(PRODUCTS + asked), "cards")

    assert len(captured) == 2 + ("category" in asked)


def test_a_list_is_what_was_asked_for(client: Client, product: Product) -> None:
    cheap, hidden = (
        Product.objects.create(
            sku=sku, name=name, category=product.category, price=5, is_published=shown
        )
        for sku, name, shown in (
            ("L-2", "Paper lamp", True),
            ("L-3", "Oil lamp", False),
        )
    )

    def names(asked: str) -> list[str]:
        products = client.get(PRODUCTS + asked).context["page"].products
        return [found.name for found in products]

    assert names("") == [cheap.name, product.name]
    assert names("?sort=-price") == [product.name, cheap.name]
    assert names("?q=BRASS") == [product.name]
    assert names("?price_min=6") == [product.name]
    assert names("?price_max=6") == [cheap.name]
    assert names("?category=lamps&q=paper") == [cheap.name]
    assert client.get(hidden.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND


def test_a_list_leads_to_its_next_page(
    client: Client, make_products: MakeProducts
) -> None:
    make_products(PAGE_SIZE + 6)
    first = client.get(f"{PRODUCTS}?q=oak&sort=price")
    link = re.search(r'rel="next"\s+href="([^"]+)"', first.text)
    assert link

    second = client.get(PRODUCTS + link[1].replace("&amp;", "&"))

    shown = {product.pk for product in first.context["page"].products}
    assert len(second.context["page"].products) == 6
    assert shown.isdisjoint(product.pk for product in second.context["page"].products)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "name", ["q", "category", "price_min", "price_max", "sort", "after", "colour"]
)
def test_a_list_takes_no_harm_from_what_is_asked(
    client: Client, product: Product, name: str, text: str
) -> None:
    response = client.get(f"{PRODUCTS}?{name}={quote(text)}")

    if name == "q" and text.startswith("'"):  # an honest text to search for
        assertContains(response, "No product is like that.")
    else:
        assertContains(response, 'role="alert"', status_code=HTTPStatus.BAD_REQUEST)
    assert Product.objects.count() == 1


@pytest.mark.parametrize(
    "after",
    ["0_0.00", "999999999999999999_99999999.99", "1_1", "-1_1.00", "1_1.00 OR 1"],
)
@pytest.mark.parametrize("sort", ["newest", "price", "-price"])
def test_a_page_that_there_is_not_is_no_error_of_ours(
    client: Client, product: Product, sort: str, after: str
) -> None:
    response = client.get(PRODUCTS, {"sort": sort, "after": after})

    assert response.status_code in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}


@pytest.mark.parametrize("sku", [quote(text, safe="") for text in HOSTILE])
def test_a_product_that_there_is_not_is_not_found(client: Client, sku: str) -> None:
    response = client.get(f"/catalog/product/{sku}/")

    assert response.status_code == HTTPStatus.NOT_FOUND


# Reviews


def test_somebody_reviews_a_product_and_changes_their_mind(
    product: Product, user: User
) -> None:
    client = signed_in(user)
    path = reverse("catalog:review", args=[product.sku])

    client.post(path, {"rating": 2, "body": "Dim"})
    assertContains(client.get(path), "Dim")
    response = client.post(path, {"rating": 5, "body": "Bright now"}, follow=True)

    assertContains(response, "Thank you for your review.")
    assertContains(response, "Bright now")
    assertContains(response, "Change your review")
    assert Review.objects.count() == 1
    product.refresh_from_db()
    assert (product.review_count, product.rating_sum) == (1, 5)


@pytest.mark.practice(69)
def test_a_product_asks_whether_there_is_a_review_for_one_row(
    product: Product, user: User
) -> None:
    client = signed_in(user)
    services.write_review(product.pk, user.pk, 4, "")

    with CaptureQueriesContext(connection) as captured:
        client.get(product.get_absolute_url())

    (asked,) = [q["sql"] for q in captured if q["sql"].startswith("SELECT 1 AS")]
    assert "catalog_review" in asked
    assert asked.endswith("LIMIT 1")


@pytest.mark.parametrize(
    "data",
    [
        {"rating": 0},
        {"rating": 6},
        {"rating": "9" * 400},
        {"rating": "five"},
        {"rating": 5, "body": "\x00"},
        {"rating": 5, "body": "x" * 2_001},
    ],
)
def test_a_review_out_of_bounds_is_refused(
    product: Product, user: User, data: dict[str, object]
) -> None:
    response = signed_in(user).post(reverse("catalog:review", args=[product.sku]), data)

    assertContains(response, 'role="alert"', status_code=HTTPStatus.BAD_REQUEST)
    assert not Review.objects.exists()


def test_a_review_shows_a_name_and_never_an_address(
    client: Client, product: Product
) -> None:
    nameless = User.objects.create_user("nobody@example.com")
    services.write_review(product.pk, nameless.pk, 3, "Fine")

    page = client.get(product.get_absolute_url())

    assertContains(page, "a visitor")
    assertNotContains(page, "nobody@example.com")


# Export


@pytest.mark.practice(18)
def test_an_export_is_streamed_to_who_may_see_it(user: User, product: Product) -> None:
    client = signed_in(user)
    assert client.get(EXPORT).status_code == HTTPStatus.FORBIDDEN
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    product.name = '=cmd|"x"'
    product.save(update_fields=["name"])

    response = client.get(EXPORT)

    assert isinstance(response, StreamingHttpResponse)
    assert response.streaming
    assert response.getvalue().decode().splitlines() == [
        "sku,name,category,price,description,reviews",
        # What a spreadsheet would run is text.
        """L-1,"'=cmd|""x""\",Lamps,12.50,It shines.,0""",
    ]


@pytest.mark.practice(18)
def test_an_export_starts_before_a_row_is_read(
    admin_client: Client, product: Product
) -> None:
    with CaptureQueriesContext(connection) as captured:
        response = admin_client.get(EXPORT)
        assert next(iter(response)).startswith(b"sku,name")

    assert not [q["sql"] for q in captured if "catalog_product" in q["sql"]]


@pytest.mark.practice(18)
def test_an_export_is_written_while_it_is_read() -> None:
    rows = (("L-1", "Lamp", "Lamps", 1, "", 0) for _ in range(10_000))

    pieces = formats.write_csv(rows)
    assert next(pieces).startswith("sku,name")
    assert next(pieces).startswith("L-1,Lamp")

    assert len(list(rows)) > 9_000


def test_a_stranger_exports_nothing(client: Client) -> None:
    assert client.get(EXPORT).status_code == HTTPStatus.FOUND
