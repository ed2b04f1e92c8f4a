"""Microcache: responses that a process caches for a second."""

import time
from itertools import count
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.http import HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import RequestFactory
from django.utils import translation

from plinth.cache import microcache, versions
from plinth.http.privacy import SessionPrivacyMiddleware

pytestmark = pytest.mark.practice(1)

TTL = microcache.TTL


@pytest.fixture(autouse=True)
def empty_cache(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    caches["process"].clear()
    # Longer than the slowest machine takes for a test.
    monkeypatch.setattr(microcache, "TTL", 60)


class Page:
    """A cached view whose responses are numbered."""

    def __init__(self, cookie: str = "", **response: Any) -> None:
        self.calls = count(1)
        self.cookie = cookie
        self.response = response
        # The middleware stores the response.
        view: Any = microcache.microcache(self.render)
        self.view = SessionPrivacyMiddleware(view)

    def render(self, request: object) -> HttpResponse:
        response = HttpResponse(f"response {next(self.calls)}", **self.response)
        if self.cookie:
            response.set_cookie(self.cookie, "1")
        return response

    def get(self, path: str = "/", method: str = "get", **headers: str) -> HttpResponse:
        request = getattr(RequestFactory(), method)(path, headers=headers)
        response = self.view(request)
        assert isinstance(response, HttpResponse)
        return response


def test_cached_response_has_the_same_content_and_headers() -> None:
    page = Page(headers={"Expires": "soon", "Vary": "Accept"})

    first, second = page.get(), page.get()

    assert second.content == first.content == b"response 1"
    assert second.headers == first.headers
    # A change of one response does not show in the next.
    first.headers["Set-Cookie"] = second.headers["Set-Cookie"] = "mine=1"
    assert "Set-Cookie" not in page.get().headers


def test_cached_response_expires_after_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert TTL == 1
    monkeypatch.setattr(microcache, "TTL", 0.1)
    page = Page()

    page.get()
    time.sleep(0.15)

    assert page.get().content == b"response 2"


def test_key_holds_path_query_host_method_and_language() -> None:
    page = Page()
    page.get()

    with translation.override("eo"):
        assert page.get().content == b"response 2"
    others = (
        page.get("/?page=2"),
        page.get("/other/"),
        page.get(host="other.example.com"),
        page.get(method="head"),
        page.get(method="post"),
        page.get(method="post"),
    )
    assert [int(other.content[-1:]) for other in others] == [3, 4, 5, 6, 7, 8]
    assert page.get().content == b"response 1"


@pytest.mark.parametrize(
    "page",
    [
        Page(status=404),
        Page(cookie="of-one-client"),
        Page(headers={"Cache-Control": "max-age=60, private"}),
    ],
    ids=["not found", "with a cookie", "private"],
)
def test_response_of_one_client_is_not_cached(page: Page) -> None:
    page.get()

    assert page.get().content == b"response 2"


def test_template_response_is_rendered_before_it_is_cached() -> None:
    @microcache.microcache
    def view(request: object) -> HttpResponse:
        return SimpleTemplateResponse("forms/form.html")

    request = RequestFactory().get("/")
    page: Any = SessionPrivacyMiddleware(view)

    first, second = page(request), page(request)

    assert isinstance(first, SimpleTemplateResponse)
    assert isinstance(second, HttpResponse)
    assert second.content == first.content


@pytest.mark.django_db(transaction=True)
def test_invalidation_clears_the_microcache_at_commit() -> None:
    page = Page()
    page.get()

    with transaction.atomic():
        versions.invalidate("a")
        assert page.get().content == b"response 1"

    assert page.get().content == b"response 2"
