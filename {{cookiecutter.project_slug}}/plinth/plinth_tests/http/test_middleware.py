import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import info
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import Client, RequestFactory
from pytest_django import Settings

from plinth.http.middleware import SessionPrivacyMiddleware, TrackingMiddleware
from plinth.logs.formatters import RequestIdFilter

pytestmark = pytest.mark.practice(67)


def test_a_request_has_one_id_in_the_log_and_in_the_answer(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    with caplog.at_level(logging.INFO):
        response = client.get("/robots.txt?token=secret")

    (record,) = [r for r in caplog.records if r.name == "plinth.http.middleware"]
    assert record.__dict__["request_id"] == response.headers["X-Request-ID"]
    assert record.getMessage().startswith("GET /robots.txt 200 ")
    assert record.__dict__["duration_ms"] > 0
    assert "secret" not in caplog.text


def test_a_path_cannot_forge_a_line(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/a%0aline")

    assert "GET /a\\nline 404" in caplog.text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", True),
        ("5f9c1b1e-3f0e-4b5c-9d39-8f1a2b3c4d5e", True),
        ("short", False),
        ("x" * 65, False),
        ("a line\nof somebody else", False),
    ],
)
def test_a_proxys_id_is_kept_when_it_can_do_no_harm(
    client: Client, given: str, kept: bool
) -> None:
    response = client.get("/robots.txt", headers={"x-request-id": given})

    assert (response.headers["X-Request-ID"] == given) is kept


# What caches on the way may keep

PUBLIC = "public, max-age=300, s-maxage=60, stale-while-revalidate=60, stale-if-error=9"


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"Cache-Control": PUBLIC})


def with_a_token(request: HttpRequest) -> HttpResponse:
    get_token(request)
    return plain(request)


def with_a_session(request: HttpRequest) -> HttpResponse:
    request.session["basket"] = [1]
    return plain(request)


def with_a_message(request: HttpRequest) -> HttpResponse:
    info(request, "Saved.")
    return plain(request)


@pytest.mark.practice(54, 55)
@pytest.mark.parametrize(
    ("view", "cookies", "headers", "public"),
    [
        (plain, {}, {}, True),
        (plain, {"_ga": "1"}, {}, True),
        (plain, {"sessionid": "of-somebody-who-is-signed-in"}, {}, False),
        (plain, {}, {"authorization": "Bearer x"}, False),
        (with_a_token, {}, {}, False),
        (with_a_session, {}, {}, False),
        (with_a_message, {}, {}, False),
    ],
)
@pytest.mark.django_db
def test_what_a_session_or_a_cookie_made_is_private(
    view: Callable[[HttpRequest], HttpResponse],
    cookies: dict[str, str],
    headers: dict[str, str],
    public: bool,
) -> None:
    chain: Any = view
    for middleware in (
        MessageMiddleware,
        CsrfViewMiddleware,
        SessionMiddleware,
        SessionPrivacyMiddleware,
    ):
        chain = middleware(chain)
    request = RequestFactory(headers=headers).get("/")
    request.COOKIES.update(cookies)

    said = chain(request).headers["Cache-Control"]

    assert said == (PUBLIC if public else "private, max-age=300")


def test_what_says_more_than_private_still_says_so() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Cache-Control": "private, no-store"})

    request = RequestFactory().get("/")
    request.COOKIES["sessionid"] = "x"

    response: Any = SessionPrivacyMiddleware(view)(request)

    assert response.headers["Cache-Control"] == "private, no-store"


# What links carry


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("", ""),
        ("q=oak&utm_source=letter&utm_medium=mail", "q=oak"),
        ("gclid=x&gad_source=1", ""),
        ("fbclid=x&q=oak&q=elm", "q=oak&q=elm"),
        ("msclkid", ""),
        ("utm=1&myutm_source=1&gclids=1", "utm=1&myutm_source=1&gclids=1"),
        ("q=utm_source&x=gclid%3D1", "q=utm_source&x=gclid%3D1"),
        ("&&=&q", "&&=&q"),
    ],
)
def test_a_view_sees_no_parameters_of_advertisements(query: str, seen: str) -> None:
    request = RequestFactory().get("/page/")
    request.META["QUERY_STRING"] = query

    def view(request: HttpRequest) -> HttpResponse:
        assert request.META["FULL_QUERY_STRING"] == query
        return HttpResponse(request.get_full_path())

    response: Any = TrackingMiddleware(view)(request)

    assert response.text == f"/page/?{seen}".removesuffix("?")
    assert request.META["QUERY_STRING"] == query


def test_a_redirect_to_the_same_address_keeps_them(settings: Settings) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=404)

    request = RequestFactory().get("/accounts/sign-in?utm_source=letter")

    tracking: Any = TrackingMiddleware(view)
    response: Any = CommonMiddleware(tracking)(request)

    assert response.headers["Location"] == "/accounts/sign-in/?utm_source=letter"
