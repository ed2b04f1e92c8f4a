import re

import pytest
from django.test import Client
from django.urls import reverse

from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.practice(57)


@pytest.mark.parametrize("name", ["pages:home", "accounts:sign-in"])
def test_a_page_says_what_browsers_may_do_with_it(client: Client, name: str) -> None:
    headers = client.get(reverse(name)).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_no_page_needs_an_exception_from_the_policy(client: Client) -> None:
    page = client.get(reverse("pages:home")).text

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src|nonce)=)", page)


def test_production_insists_on_https_and_closes_its_cookies() -> None:
    code = """
import config.wsgi
from django.test import Client
client = Client(headers={"host": "example.com"})
plain = client.get("/robots.txt")
print(plain.status_code, plain.headers["Location"])
proxied = client.get("/robots.txt", headers={"x-forwarded-proto": "https"})
print(proxied.status_code, proxied.headers["Strict-Transport-Security"])
from django.http import HttpRequest, HttpResponse
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.csrf import CsrfViewMiddleware, get_token
def view(request):
    request.session.set_test_cookie()
    get_token(request)
    return HttpResponse()
request = HttpRequest()
request.method = "GET"
from django.conf import settings
settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
response = SessionMiddleware(CsrfViewMiddleware(view))(request)
print(response.cookies)
"""
    done = run_code(code, **EMBEDDED)

    plain, proxied, *cookies = done.stdout.splitlines()
    assert plain == "301 https://example.com/robots.txt"
    assert proxied == "200 max-age=3600; includeSubDomains; preload"
    assert len(cookies) == 2
    for cookie in cookies:
        assert re.search(r"__Host-\w+=", cookie)
        for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Secure"):
            assert f"; {part}" in cookie
