from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.test import Client, override_settings
from django.utils import translation
from pytest_django import Settings

from plinth.cache import versions
from plinth.testing.plugin import Commit

from . import page_urls

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.practice(1),
]


@pytest.fixture(autouse=True)
def pages(site: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = page_urls.__name__
    settings.LOGIN_URL = "/sign-in/"
    for name in ("default", "process"):
        caches[name].clear()


def forget_process() -> None:
    """Behave as another process does."""
    caches["process"].clear()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    client.get("/private/")  # sets the CSRF cookie
    return client


def test_public_page_is_cached_for_everybody(client: Client, user: Any) -> None:
    first = client.get("/public/").content
    forget_process()

    assert signed_in(user).get("/public/").content == first


def test_public_page_is_cached_in_the_process_for_a_second(client: Client) -> None:
    first = client.get("/public/").content
    cache.clear()

    assert client.get("/public/").content == first


@pytest.mark.parametrize("of", ["token", "session", "message", "nonce", "cookie"])
def test_public_page_that_depends_on_a_client_is_not_cached(
    of: str, settings: Settings
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        f"{page_urls.__name__}.{page_urls.CookieMiddleware.__name__}",
    ]
    first = Client().get(f"/client/?{of}").content

    assert Client().get(f"/client/?{of}").content != first
    forget_process()
    assert Client().get(f"/client/?{of}").content != first


def test_public_page_is_cached_by_language_and_release(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/public/").content

    # With a second language, LanguageMiddleware activates the site's own for this path.
    with override_settings(LANGUAGE_CODE="de"), translation.override("de"):
        assert client.get("/public/").content != first
    monkeypatch.setattr(settings, "RELEASE", "next")
    forget_process()
    assert client.get("/public/").content != first


def test_anonymous_page_is_cached_for_clients_without_a_cookie(user: Any) -> None:
    first = Client().get("/anonymous/")
    assert Client().get("/anonymous/").content == first.content
    assert "s-maxage=60" in first.headers["Cache-Control"]
    assert "Cookie" in first.headers["Vary"]

    other = Client()
    other.cookies["language"] = "de"
    for client in (signed_in(user), other):
        page = client.get("/anonymous/")
        assert page.content != first.content
        assert "public" not in page.headers.get("Cache-Control", "")
    token = {"authorization": "Bearer of-somebody"}
    assert Client(headers=token).get("/anonymous/").content != first.content


def test_anonymous_page_is_not_cached_with_debug(settings: Settings) -> None:
    settings.DEBUG = True

    assert Client().get("/anonymous/").content != Client().get("/anonymous/").content


@pytest.mark.parametrize("path", ["/public/", "/private/"])
def test_invalidated_page_is_made_again(path: str, user: Any, commit: Commit) -> None:
    client = signed_in(user)
    first = client.get(path).content
    assert client.get(path).content == first

    with commit():
        versions.invalidate("pages")
        versions.invalidate(f"pages-{user.pk}")

    assert client.get(path).content != first


def test_proxies_may_cache_a_public_page(client: Client) -> None:
    for _ in range(2):  # made, and cached
        said = client.get("/public/").headers["Cache-Control"]

        assert "public" in said
        assert "s-maxage=60" in said
        assert "stale-while-revalidate=60" in said
        assert "stale-if-error=86400" in said


def test_private_page_is_cached_for_one_cookie(user: Any) -> None:
    client, other = signed_in(user), signed_in(user)

    first = client.get("/private/").content
    assert other.get("/private/").content != first
    response = client.get("/private/")

    assert response.content == first
    # Its own browser revalidates, and proxies do not cache it.
    assert "private" in response.headers["Cache-Control"]
    assert "no-cache" in response.headers["Cache-Control"]


@pytest.mark.parametrize("how", ["signed out", "deactivated", "new password"])
def test_ended_session_reads_no_cached_page(user: Any, how: str) -> None:
    client = signed_in(user)
    client.get("/private/")  # cached

    if how == "signed out":
        client.session.flush()
    elif how == "deactivated":
        type(user).objects.update(is_active=False)
    else:
        user.set_password("another quiet password")
        user.save()

    assert client.get("/private/").status_code == HTTPStatus.FOUND


def etag(client: Client) -> str:
    return str(client.get("/conditional/").headers["ETag"])


@pytest.mark.practice(55)
def test_unchanged_page_is_answered_with_304(client: Client) -> None:
    first = client.get("/conditional/")
    made = first.content

    second = client.get(
        "/conditional/", headers={"if-none-match": first.headers["ETag"]}
    )

    assert second.status_code == HTTPStatus.NOT_MODIFIED
    assert client.get("/conditional/").content == b"page %d" % (int(made[5:]) + 1)
    said = first.headers["Cache-Control"]
    assert "max-age=0" in said
    assert "s-maxage=60" in said
    assert "while-revalidate" not in said
    assert first.headers["Last-Modified"]


@pytest.mark.practice(55)
@pytest.mark.parametrize(
    "change", ["data", "version", "cookie", "language", "release", "signed URLs"]
)
def test_etag_changes_with(
    change: str,
    client: Client,
    user: Any,
    monkeypatch: pytest.MonkeyPatch,
    commit: Commit,
) -> None:
    before = etag(client)
    assert etag(client) == before

    match change:
        case "data":
            later = page_urls.modified["page"] + timedelta(seconds=1)
            monkeypatch.setitem(page_urls.modified, "page", later)
        case "version":
            with commit():
                versions.invalidate("pages")
        case "cookie":
            client.force_login(user)
        case "release":
            monkeypatch.setattr(settings, "RELEASE", "next")
        case "signed URLs":
            monkeypatch.setattr(settings, "MEDIA_SIGNED_FOR", 3600)
        case _:
            monkeypatch.setattr(settings, "LANGUAGE_CODE", "de")
            translation.activate("de")

    try:
        assert etag(client) != before
    finally:
        translation.deactivate()


def test_missing_page_is_not_cached(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(page_urls.modified, "page")

    response = client.get("/conditional/")

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert "public" not in response.headers.get("Cache-Control", "")
