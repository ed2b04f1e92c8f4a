"""Responses that shared caches must not store."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages import info
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.csp import ContentSecurityPolicyMiddleware, get_nonce
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import RequestFactory

from plinth.http.privacy import SessionPrivacyMiddleware

pytestmark = pytest.mark.practice(54, 55)

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


def with_a_nonce(request: HttpRequest) -> HttpResponse:
    str(get_nonce(request))
    return plain(request)


@pytest.mark.parametrize(
    ("view", "cookies", "headers", "public"),
    [
        (plain, {}, {}, True),
        (plain, {"_ga": "1"}, {}, True),
        (plain, {settings.SESSION_COOKIE_NAME: "of-a-user"}, {}, False),
        (plain, {}, {"authorization": "Bearer x"}, False),
        (with_a_token, {}, {}, False),
        (with_a_session, {}, {}, False),
        (with_a_message, {}, {}, False),
        (with_a_nonce, {}, {}, False),
    ],
)
@pytest.mark.django_db
def test_response_of_a_session_or_with_a_cookie_is_private(
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
        ContentSecurityPolicyMiddleware,
    ):
        chain = middleware(chain)
    request = RequestFactory(headers=headers).get("/")
    request.COOKIES.update(cookies)

    cache_control = chain(request).headers["Cache-Control"]

    assert cache_control == (PUBLIC if public else "private, max-age=300")


def test_stricter_directive_than_private_stays() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Cache-Control": "private, no-store"})

    request = RequestFactory().get("/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "x"

    response: Any = SessionPrivacyMiddleware(view)(request)

    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(("view", "valid"), [(plain, True), (with_a_nonce, False)])
def test_page_with_a_nonce_is_not_answered_with_304(
    view: Callable[[HttpRequest], HttpResponse], valid: bool
) -> None:
    def with_an_etag(request: HttpRequest) -> HttpResponse:
        response = view(request)
        response.headers["ETag"] = '"1"'
        return response

    page: Any = ContentSecurityPolicyMiddleware(SessionPrivacyMiddleware(with_an_etag))

    assert ("ETag" in page(RequestFactory().get("/"))) is valid
