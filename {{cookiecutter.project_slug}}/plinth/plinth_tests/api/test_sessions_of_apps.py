"""Session tokens of allauth.headless at the API: a user, after all factors, and no more."""

from typing import Any

import pytest
from django.apps import apps
from django.test import Client, RequestFactory
from pytest_django import Settings

# The schema, which reads what is installed, before `headless` patches it.
from plinth.api import schema as _schema  # noqa: F401
from plinth.api.models import Token

if not apps.is_installed("plinth.sign_up"):
    pytest.skip("needs plinth.sign_up", allow_module_level=True)

from allauth.account.internal.flows.login import record_authentication

TOKENS = "/api/v1/account/tokens/"


pytestmark = pytest.mark.usefixtures("headless")


def token_of(user: Any, *methods: str) -> dict[str, str]:
    """The header of a session in which the user has signed in by these methods."""
    client = Client()
    client.force_login(user)
    request: Any = RequestFactory().get("/")
    request.session = client.session
    for method in methods:
        record_authentication(request, user, method=method)
    request.session.save()
    return {"X-Session-Token": str(request.session.session_key)}


def test_session_token_is_the_users(api: Client, user: Any) -> None:
    response = api.get(TOKENS, headers=token_of(user))

    assert response.status_code == 200
    assert "private" in response.headers["Cache-Control"]
    assert not response.cookies


def test_session_before_the_second_factor_is_nobodys(api: Client) -> None:
    client = Client()
    session = client.session
    session["account_login"] = {"stage": "mfa_authenticate"}
    session.save()

    response = api.get(TOKENS, headers={"X-Session-Token": str(session.session_key)})

    assert response.status_code == 401


@pytest.mark.parametrize("key", ["a" * 32, "x", "a b", "\u00e4", "x" * 5_000])
def test_unknown_session_is_refused_on_public_urls_too(api: Client, key: str) -> None:
    headers = {"X-Session-Token": key}

    for page in (TOKENS, "/api/v1/documents/"):
        response = api.get(page, headers=headers)
        assert response.status_code == 401
        assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("end", ["deactivated", "password", "signed out"])
def test_ended_session_is_refused(
    api: Client, user: Any, settings: Settings, end: str
) -> None:
    headers = token_of(user)
    if end == "deactivated":
        user.is_active = False
    if end == "password":
        user.set_password("another long password")
    user.save()
    if end == "signed out":
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = headers["X-Session-Token"]
        client.logout()

    assert api.get(TOKENS, headers=headers).status_code == 401


def test_staff_need_a_second_factor(api: Client, user: Any, settings: Settings) -> None:
    settings.STAFF_MFA_REQUIRED = True
    user.is_staff = True
    user.save()

    refused = api.get(TOKENS, headers=token_of(user, "password"))

    assert refused.status_code == 403
    assert "second factor" in refused.json()["detail"]
    assert api.get(TOKENS, headers=token_of(user, "password", "mfa")).status_code == 200


def test_session_token_creates_and_revokes_no_token(
    api: Client, user: Any, bearer: dict[str, str]
) -> None:
    headers = token_of(user)
    new = {"name": "phone", "days": 1}

    created = api.post(TOKENS, new, "application/json", headers=headers)
    revoked = api.delete(f"{TOKENS}{Token.objects.get().pk}/", headers=headers)

    assert (created.status_code, revoked.status_code) == (403, 403)
    assert Token.objects.count() == 1


def test_session_token_is_limited_as_its_user(
    api: Client, user: Any, bearer: dict[str, str], settings: Settings
) -> None:
    settings.API_RATES = {"anonymous": (100, 3600), "user": (1, 3600)}

    assert api.get(TOKENS, headers=bearer).status_code == 200
    assert api.get(TOKENS, headers=token_of(user)).status_code == 429


@pytest.mark.parametrize("address", [TOKENS, "/accounts/app/v1/auth/login"])
def test_script_of_an_allowed_origin_may_send_it(api: Client, address: str) -> None:
    headers = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-session-token",
    }

    response = api.options(address, headers=headers)

    assert response.headers["Access-Control-Allow-Origin"] == headers["Origin"]
    assert "x-session-token" in response.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_header_is_ignored_where_sign_in_of_apps_is_off(
    api: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = token_of(user)
    monkeypatch.undo()

    assert api.get("/api/v1/documents/", headers=headers).status_code == 200
    assert api.get(TOKENS, headers=headers).status_code == 401
