"""Security headers, and https in production."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from plinth_tests.processes import EMBEDDED, evaluate

pytestmark = pytest.mark.practice(57)


def test_page_has_security_headers(site: Client) -> None:
    headers = site.get("/plain/").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src" in policy
    assert "frame-ancestors" in policy
    assert "unsafe" not in policy, "SECURE_CSP allows inline code"
    assert headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == settings.X_FRAME_OPTIONS
    assert headers["Referrer-Policy"] == settings.SECURE_REFERRER_POLICY
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_admin_needs_no_exception_from_the_policy(
    site: Client, admin_user: Any
) -> None:
    site.force_login(admin_user)

    page = site.get("/admin/password_change/").text

    assert "<form" in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src|nonce)=)", page)


def test_production_redirects_to_https_and_secures_cookies() -> None:
    code = """
import config.wsgi
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import Client
from plinth_tests import site
site.use(settings)
client = Client(headers={"host": "example.com"})
plain = client.get("/plain/")
proxied = client.get("/plain/", headers={"x-forwarded-proto": "https"})
def view(request):
    request.session.set_test_cookie()
    get_token(request)
    return HttpResponse()
request = HttpRequest()
request.method = "GET"
settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
response = SessionMiddleware(CsrfViewMiddleware(view))(request)
result = {
    "plain": [plain.status_code, plain.headers["Location"]],
    "proxied": [proxied.status_code, proxied.headers["Strict-Transport-Security"]],
    "cookies": [str(cookie) for cookie in response.cookies.values()],
}
"""
    found = evaluate(code, **EMBEDDED | {"TRUSTED_PROXIES": "127.0.0.1"})

    assert found["plain"] == [301, "https://example.com/plain/"]
    assert found["proxied"] == [200, "max-age=3600; includeSubDomains; preload"]
    assert len(found["cookies"]) == 2
    for cookie in found["cookies"]:
        assert re.search(r"__Host-\w+=", cookie)
        for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Secure"):
            assert f"; {part}" in cookie
