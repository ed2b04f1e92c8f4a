"""Pages of the catalogue: content, permissions, caching and bad input."""

import re
from http import HTTPStatus
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.http import StreamingHttpResponse
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.models import Category, Product, Review
from apps.catalog.querysets import PAGE_SIZE
from plinth.testing.forms import submit
from plinth.testing.plugin import Commit
from plinth.testing.queries import queries

from .conftest import MakeProducts, signed_in

pytestmark = pytest.mark.django_db

HOME = reverse("catalog:home")
PRODUCTS = reverse("catalog:products")
MY_REVIEWS = reverse("catalog:my-reviews")
EXPORT = reverse("catalog:export")

HOSTILE = ["' OR 1=1 --", "'; DROP TABLE catalog_product; --", "%", "\x00", "9" * 5_000]


# Caching


@pytest.mark.practice(1)
def test_home_page_is_cached_for_everybody(
    product: Product, user: User, commit: Commit
) -> None:
    first = signed_in(user).get(HOME)
    assertContains(first, product.name)
    assertNotContains(first, "csrf")
    assertNotContains(first, 'aria-label="Account"')
    assert "Cookie" not in first.headers.get("Vary", "")

    caches["process"].clear()  # as in another process
    with queries() as sql:
        assert Client().get(HOME).content == first.content
    assert not sql

    product.name = "Copper lamp"
    with commit():
        services.save_product(product, ["name"])
    assertContains(Client().get(HOME), "Copper lamp")


@pytest.mark.practice(1, 55)
def test_own_page_is_cached_for_its_user(
    product: Product, user: User, other_user: User, settings: Settings, commit: Commit
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    services.save_review(product.pk, user.pk, 5, "Mine alone")
    ann, bo = signed_in(user), signed_in(other_user)
    ann.get(MY_REVIEWS)  # sets the CSRF cookie
    ann.get(MY_REVIEWS)

    with queries() as sql:
        cached = ann.get(MY_REVIEWS)
    assertContains(cached, "Mine alone")
    assert len(sql) == 1  # the user, whose session may have ended
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
        for i in range(5)
    ]
    make_products(60)
    elsewhere = Product.objects.published().exclude(category=category).earliest("pk")

    address = {each: each.get_absolute_url() for each in (first, second, elsewhere)}

    def made(product: Product) -> int:
        with queries() as sql:
            client.get(address[product])
        return sum("JOIN" in each and "LIMIT 3" in each for each in sql)

    assert made(first) == 1
    assert made(second) == made(first) == 0
    assert made(elsewhere) == 1
    with override_settings(LANGUAGE_CODE="de"), translation.override("de"):
        assert made(first) == 1

    with commit():
        services.save_product(newest, ["name"])
    assert made(first) == 1

    # Nor does it list the product itself.
    _, _, rest = client.get(newest.get_absolute_url()).text.partition('id="more"')
    others, _, _ = rest.partition("</section>")
    assert others.count("<h3>") == 3
    assert f'href="{newest.get_absolute_url()}"' not in others


@pytest.mark.practice(55)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_unchanged_page_is_answered_with_304(
    product: Product, user: User, encoding: str
) -> None:
    client = Client(headers={"accept-encoding": encoding})
    path = product.get_absolute_url()
    first = client.get(path)
    assert first.headers.get("Content-Encoding", "identity") == encoding
    assert "max-age=0" in first.headers["Cache-Control"]  # browsers revalidate

    with queries() as sql:
        second = client.get(path, headers={"if-none-match": first.headers["ETag"]})
    assert (second.status_code, second.content) == (HTTPStatus.NOT_MODIFIED, b"")
    assert len(sql) == 1

    services.save_review(product.pk, user.pk, 5, "Bright")
    third = client.get(path, headers={"if-none-match": first.headers["ETag"]})
    assert third.status_code == HTTPStatus.OK

    client.force_login(user)
    fourth = client.get(path, headers={"if-none-match": third.headers["ETag"]})
    assert fourth.status_code == HTTPStatus.OK


@pytest.mark.practice(55)
def test_page_with_a_former_author_is_not_answered_with_304(
    product: Product, user: User, other_user: User
) -> None:
    services.save_review(product.pk, other_user.pk, 5, "Bright")

    def changes(name: str) -> bool:
        """Return whether the page that a client has is replaced by one with this name."""
        page = client.get(product.get_absolute_url(), headers={"if-none-match": etag})
        return name in page.text

    client = Client()
    etag = client.get(product.get_absolute_url()).headers["ETag"]
    submit(signed_in(other_user), reverse("accounts:profile"), name="Beate")
    assert changes("Beate")

    etag = client.get(product.get_absolute_url()).headers["ETag"]
    User.objects.filter(pk=other_user.pk).delete()
    assert changes("a visitor")

    etag = client.get(product.get_absolute_url()).headers["ETag"]
    user.save()
    assert not changes("a visitor")


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


# Lists


@pytest.mark.practice(9)
@pytest.mark.parametrize("filters", ["", "?q=chair&sort=price", "?category=lamps"])
def test_list_makes_as_many_queries_for_one_row_as_for_many(
    client: Client, product: Product, make_products: MakeProducts, filters: str
) -> None:
    for count in (20, 60):
        make_products(count)
        client.get(PRODUCTS)  # caches the totals
        with queries() as sql:
            assertContains(client.get(PRODUCTS + filters), "cards")
        assert len(sql) == 2 + ("category" in filters)


@pytest.mark.parametrize("debug", [True, False])
def test_empty_catalogue_names_the_command_to_developers(
    client: Client, db: None, settings: Settings, debug: bool
) -> None:
    settings.DEBUG = debug

    page = client.get(HOME)

    assertContains(page, "It is empty.")
    assert ("make seed" in page.text) == debug


def test_list_is_filtered_and_ordered(client: Client, product: Product) -> None:
    cheap, hidden = (
        Product.objects.create(
            sku=sku, name=name, category=product.category, price=5, is_published=shown
        )
        for sku, name, shown in (
            ("L-2", "Paper lamp", True),
            ("L-3", "Oil lamp", False),
        )
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
    assert names("?ref=newsletter&q=la") == [cheap.name, product.name]
    assert names("?q=ra") == names("?q=***") == []
    assert client.get(hidden.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND


def test_list_links_to_its_next_page(
    client: Client, make_products: MakeProducts
) -> None:
    make_products(PAGE_SIZE + 6)
    first = client.get(f"{PRODUCTS}?price_min=1&sort=price&utm_source=letter")
    link = re.search(r'rel="next"\s+href="([^"]+)"', first.text)
    assert link

    second = client.get(PRODUCTS + link[1].replace("&amp;", "&"))

    seen = [
        product.pk for page in (first, second) for product in page.context["page"].rows
    ]
    assert len(seen) == len({*seen}) == Product.objects.published().count()
    # Other filters start at the first page.
    assert 'name="after"' not in second.text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "name", ["q", "category", "price_min", "price_max", "sort", "after", "colour"]
)
def test_hostile_parameter_is_refused_or_ignored(
    client: Client, product: Product, name: str, text: str
) -> None:
    response = client.get(f"{PRODUCTS}?{name}={quote(text)}")

    assert client.get(f"/catalog/product/{quote(text, safe='')}/").status_code == 404
    if name == "colour":
        assertContains(response, product.name)
    elif name == "q" and len(text) < 100 and text.isprintable():  # to search for
        assertContains(response, "No products match.")
    else:
        assertContains(response, 'role="alert"', status_code=HTTPStatus.BAD_REQUEST)
        assert "public" not in response.headers.get("Cache-Control", "")


def test_sitemap_lists_published_products(client: Client, product: Product) -> None:
    Product.objects.create(
        sku="L-2", name="", category=product.category, price=5, is_published=False
    )

    page = client.get("/sitemap-catalog.xml")

    assert re.findall("<loc>http://testserver(.+)</loc>", page.text) == [
        product.get_absolute_url()
    ]


# Reviews


def test_user_writes_a_review_and_changes_it(product: Product, user: User) -> None:
    client = signed_in(user)
    path = reverse("catalog:review", args=[product.sku])

    submit(client, path, rating=2, body="Dim")
    assertContains(client.get(path), "Dim")
    response = submit(client, path, rating=5, body="Bright now")

    assertContains(response, "Thank you for your review.")
    assertContains(response, "Bright now")
    assertContains(response, "Change your review")
    product.refresh_from_db()
    assert (product.review_count, product.rating_sum) == (1, 5)


@pytest.mark.practice(69)
def test_own_review_is_looked_up_by_exists(product: Product, user: User) -> None:
    client = signed_in(user)

    with queries() as sql:
        client.get(product.get_absolute_url())

    (exists,) = [each for each in sql if each.startswith("SELECT 1 AS")]
    assert "catalog_review" in exists
    assert exists.endswith("LIMIT 1")


@pytest.mark.parametrize(
    ("rating", "body", "valid"),
    [
        (0, "", False),
        (6, "", False),
        ("five", "", False),
        (5, "\x00", False),
        (5, "x" * 2_001, False),
        (5, "line\r\n" * 400, True),  # 2,000 characters, as browsers count
    ],
)
def test_review_is_validated(
    product: Product, user: User, rating: object, body: str, valid: bool
) -> None:
    path = reverse("catalog:review", args=[product.sku])

    response = signed_in(user).post(path, {"rating": rating, "body": body})

    assert response.status_code == (HTTPStatus.FOUND if valid else 400)
    assert Review.objects.exists() is valid


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
def test_export_is_streamed_with_the_permission(user: User, product: Product) -> None:
    client = signed_in(user)
    assert client.get(EXPORT).status_code == HTTPStatus.FORBIDDEN
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    Product.objects.update(name='=cmd|"x"')

    with queries() as sql:
        response = client.get(EXPORT)
        assert isinstance(response, StreamingHttpResponse)
        header = next(iter(response))

    # It starts before a row is read.
    assert not [each for each in sql if "catalog_product" in each]
    assert header == b"sku,name,category,price,description,reviews\r\n"
    # Escaped, as a spreadsheet would run it.
    assert [*response] == [b"""L-1,"'=cmd|""x""\",Lamps,12.50,It shines.,0\r\n"""]
