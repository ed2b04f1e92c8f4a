"""Clients without pages: the same rules as on the pages, and a session token at the end."""

import json
import re
from http import HTTPStatus
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from plinth.http import throttle
from plinth.testing.plugin import Commit
from plinth_tests.conftest import PASSWORD
from plinth_tests.sign_up import urls
from plinth_tests.sign_up.test_sign_up import CountingHasher

User: Any = get_user_model()

pytestmark = pytest.mark.django_db

urlpatterns = [
    path("accounts/app/v1/", include("plinth.sign_up.headless")),
    *urls.urlpatterns,
]


@pytest.fixture(autouse=True)
def app_pages(pages: None, headless: None, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def recovery_code(verified: Any) -> str:
    """One of the codes of a user with a second factor."""
    TOTP.activate(verified, generate_totp_secret())
    codes = RecoveryCodes.activate(verified).get_unused_codes()
    return str(codes[0])


def call(method: str, route: str, token: str = "", **data: str) -> Any:
    """Request without cookies, as an app does."""
    headers = {"X-Session-Token": token} if token else {}
    return Client().generic(
        method,
        f"/accounts/app/v1/{route}",
        json.dumps(data) if data else "",
        "application/json",
        headers=headers,
    )


def sign_in(email: str, password: str = PASSWORD) -> Any:
    return call("POST", "auth/login", email=email, password=password)


def pending(response: Any) -> set[str]:
    flows = response.json()["data"]["flows"]
    return {flow["id"] for flow in flows if flow.get("is_pending")}


def test_address_is_verified_before_the_first_sign_in(commit: Commit) -> None:
    with commit():
        created = call("POST", "auth/signup", email="bo@example.com", password=PASSWORD)
    assert created.status_code == HTTPStatus.UNAUTHORIZED
    assert pending(created) == {"verify_email"}
    assert sign_in("bo@example.com").status_code == HTTPStatus.UNAUTHORIZED

    found = re.search(r"/addresses/confirm/(\S+)/", str(mail.outbox[0].body))
    assert found
    call("POST", "auth/email/verify", key=found[1])
    response = sign_in("BO@example.com")

    assert response.status_code == HTTPStatus.OK
    assert "no-store" in response.headers["Cache-Control"]
    assert not response.cookies
    token = response.json()["meta"]["session_token"]
    shown = call("GET", "auth/session", token).json()
    assert shown["data"]["user"]["email"] == "bo@example.com"
    assert len(call("GET", "auth/sessions", token).json()["data"]) == 1
    call("DELETE", "auth/session", token)
    assert call("GET", "auth/session", token).status_code == HTTPStatus.GONE


def test_sign_up_does_not_tell_who_has_an_account(
    user: Any, settings: Settings, commit: Commit
) -> None:
    settings.PASSWORD_HASHERS = [f"{CountingHasher.__module__}.CountingHasher"]
    found = []
    for email in (user.email, "new@example.com"):
        CountingHasher.count = 0
        with commit():
            response = call("POST", "auth/signup", email=email, password=PASSWORD)
        body = response.json()
        body["meta"].pop("session_token", None)
        found.append((response.status_code, body, CountingHasher.count))

    assert found[0] == found[1]
    assert found[0][2] == 1
    assert {to for message in mail.outbox for to in message.to} == {
        user.email,
        "new@example.com",
    }


def test_second_factor_is_asked_for_before_there_is_a_user(
    verified: Any, recovery_code: str
) -> None:
    response = sign_in(verified.email)

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert pending(response) == {"mfa_authenticate"}
    token = response.json()["meta"]["session_token"]
    assert call("GET", "auth/session", token).status_code == HTTPStatus.UNAUTHORIZED
    wrong = call("POST", "auth/2fa/authenticate", token, code="000000")
    assert wrong.status_code == HTTPStatus.BAD_REQUEST
    right = call("POST", "auth/2fa/authenticate", token, code=recovery_code)
    assert right.status_code == HTTPStatus.OK
    assert right.json()["data"]["user"]["email"] == verified.email


def test_codes_are_limited_by_account(verified: Any, recovery_code: str) -> None:
    limit, _ = throttle.LIMITS["code"]["account"]
    for _ in range(limit):
        # A new sign-in each time does not start again.
        token = sign_in(verified.email).json()["meta"]["session_token"]
        wrong = call("POST", "auth/2fa/authenticate", token, code="000000")
        assert wrong.status_code == HTTPStatus.BAD_REQUEST

    response = call("POST", "auth/2fa/authenticate", token, code=recovery_code)

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert response.json() == {"status": HTTPStatus.TOO_MANY_REQUESTS}
    assert int(response.headers["Retry-After"]) > 0
    recovery = Authenticator.objects.get(type="recovery_codes").wrap()
    assert recovery_code in recovery.get_unused_codes()


def test_sign_ins_on_pages_and_by_apps_are_counted_together(
    client: Client, verified: Any
) -> None:
    limit, _ = throttle.LIMITS["sign-in"]["account"]
    form = {"username": verified.email, "password": "wrong"}
    for number in range(limit):
        if number % 2:
            client.post("/accounts/sign-in/", form)
        else:
            sign_in(verified.email, "wrong")

    assert sign_in(verified.email).status_code == HTTPStatus.TOO_MANY_REQUESTS
    form["password"] = PASSWORD
    page = client.post("/accounts/sign-in/", form)
    assert page.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "html" in page.headers["Content-Type"]


def test_sign_up_can_be_closed(settings: Settings) -> None:
    settings.ACCOUNT_SIGNUP_ENABLED = False

    closed = call("POST", "auth/signup", email="bo@example.com", password=PASSWORD)

    assert closed.status_code == HTTPStatus.FORBIDDEN
    assert not User.objects.exists()
    config = call("GET", "config").json()["data"]["account"]
    assert config["is_open_for_signup"] is False


@pytest.mark.parametrize(
    "body",
    [
        b"[",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 5_000,
        b'{"a": 1e400}',
        b'{"a": [9223372036854775808]}',
        b'{"email": "a@example.com", "password": "\\ud800 and more"}',
    ],
    ids=lambda body: body[:9],
)
@pytest.mark.parametrize("route", ["auth/login", "auth/signup", "auth/session"])
def test_malformed_body_is_answered_with_json(route: str, body: bytes) -> None:
    response = Client().post(f"/accounts/app/v1/{route}", body, "application/json")

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert response.json() == {"status": HTTPStatus.BAD_REQUEST}


def test_nothing_else_is_served() -> None:
    for route in (
        "account/password/change",
        "auth/password/request",
        "auth/webauthn/login",
    ):
        assert call("POST", route).status_code == HTTPStatus.NOT_FOUND
