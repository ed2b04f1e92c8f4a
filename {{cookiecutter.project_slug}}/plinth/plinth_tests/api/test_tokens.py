"""Tokens: hashed, each of one user, and ended by time, revocation or a new password."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from pytest_django import Settings

from plinth.api import idempotency, tokens
from plinth.api.apps import ApiConfig
from plinth.api.management.commands.clear_api import Command
from plinth.api.models import IdempotentResponse, Token
from plinth.testing.plugin import Commit
from plinth.testing.queries import queries
from plinth_tests.conftest import PASSWORD

DAY = timedelta(days=1)
TOKENS = "/api/v1/account/tokens/"
NEW: dict[str, Any] = {
    "data": {"name": "phone", "days": 1},
    "content_type": "application/json",
}


def test_session_creates_a_token_whose_key_is_shown_once(
    api: Client, user: Any
) -> None:
    api.force_login(user)

    created = api.post(TOKENS, **NEW)

    assert created.status_code == 201
    assert "no-store" in created.headers["Cache-Control"]
    key = created.json()["key"]
    token = Token.objects.get()
    assert key not in (token.digest, str(token))
    assert timedelta() < token.expires - timezone.now() <= timedelta(days=1)
    listed = Client().get(TOKENS, headers={"Authorization": f"Bearer {key}"})
    (shown,) = listed.json()["results"]
    assert shown["name"] == "phone"
    assert "key" not in shown
    assert token.digest not in listed.text


def test_token_cannot_create_tokens(api: Client, bearer: dict[str, str]) -> None:
    response = api.post(TOKENS, **NEW, headers=bearer)

    assert response.status_code == 403
    assert "token cannot" in response.json()["detail"]
    assert Token.objects.count() == 1


def test_revoked_token_is_refused(api: Client, bearer: dict[str, str]) -> None:
    (shown,) = api.get(TOKENS, headers=bearer).json()["results"]

    assert api.delete(f"{TOKENS}{shown['id']}/", headers=bearer).status_code == 204

    assert api.get(TOKENS, headers=bearer).status_code == 401


def test_token_revokes_no_other(api: Client, user: Any, bearer: dict[str, str]) -> None:
    other, _ = tokens.create(user, "phone")

    refused = api.delete(f"{TOKENS}{other.pk}/", headers=bearer)

    assert refused.status_code == 403
    assert Token.objects.count() == 2
    api.force_login(user)
    assert api.delete(f"{TOKENS}{other.pk}/").status_code == 204
    assert Token.objects.get().name == "laptop"


def test_token_of_another_user_is_not_found(
    api: Client, user: Any, bearer: dict[str, str]
) -> None:
    api.force_login(user)
    other = get_user_model().objects.create_user("bo@example.com")
    foreign, _ = tokens.create(other, "secret name")

    response = api.delete(f"{TOKENS}{foreign.pk}/")

    missing = api.delete(f"{TOKENS}{foreign.pk + 1}/")
    assert response.status_code == missing.status_code == 404
    assert response.json() == missing.json()
    assert "secret name" not in api.get(TOKENS, headers=bearer).text
    assert Token.objects.filter(pk=foreign.pk).exists()


@pytest.mark.parametrize("end", ["expired", "deactivated", "password"])
def test_ended_token_is_refused_like_an_unknown_one(
    api: Client, user: Any, bearer: dict[str, str], end: str
) -> None:
    assert api.get(TOKENS, headers=bearer).status_code == 200
    if end == "expired":
        Token.objects.update(expires=timezone.now())
    if end == "deactivated":
        user.is_active = False
        user.save()
    if end == "password":
        user.set_password("another long password")
        user.save()

    refused = api.get(TOKENS, headers=bearer)

    for key in ("pat_x", "", "\u20ac", "a b", "x" * 5_000):
        unknown = api.get(TOKENS, headers={"Authorization": f"Bearer {key}"})
        assert refused.status_code == unknown.status_code == 401
        assert refused.json() == unknown.json()


def test_invalid_token_is_refused_where_none_is_needed(api: Client) -> None:
    basic = {"Authorization": "Basic eDp5"}  # of a proxy in front of a trial site
    wrong = {"Authorization": "Bearer pat_x"}

    assert api.get("/api/v1/documents/", headers=basic).status_code == 200
    assert api.get("/api/v1/documents/", headers=wrong).status_code == 401


def test_expired_rows_are_deleted_whosever_they_are(user: Any) -> None:
    now, old = timezone.now(), timezone.now() - idempotency.RETENTION
    for name, expires, created in (("old", now, old), ("new", now + DAY, now)):
        token, _ = tokens.create(user, name)
        Token.objects.filter(pk=token.pk).update(expires=expires)
        IdempotentResponse.objects.create(user=user, key=name, created=created)

    Command().handle()

    assert [each.name for each in Token.objects.all()] == ["new"]
    assert [each.key for each in IdempotentResponse.objects.all()] == ["new"]


@pytest.mark.skipif(
    not apps.is_installed("plinth.sign_up"), reason="needs plinth.sign_up"
)
def test_staff_need_a_second_factor(
    api: Client, user: Any, bearer: dict[str, str], settings: Settings
) -> None:
    """A token from before they were staff, and a session without it."""
    settings.STAFF_MFA_REQUIRED = True
    assert api.get(TOKENS, headers=bearer).status_code == 200
    user.is_staff = True
    user.save()
    api.force_login(user)

    for headers in (bearer, {}):
        refused = api.get(TOKENS, headers=headers)
        assert refused.status_code == 403
        assert "second factor" in refused.json()["detail"]


def test_user_is_told_of_a_new_token(
    api: Client, user: Any, commit: Commit, settings: Settings
) -> None:
    api.force_login(user)

    with commit(), translation.override("de"):
        key = api.post(TOKENS, **NEW).json()["key"]

    (message,) = mail.outbox
    assert message.to == [user.email]
    assert message.subject == f"Neues API-Token bei {settings.SITE_NAME}"
    assert "phone" in str(message.body)
    assert "ändern Sie Ihr Passwort" in str(message.body)
    assert key not in str(message.body)


def test_personal_data_has_the_tokens_without_their_secrets(user: Any) -> None:
    token, _ = tokens.create(user, "laptop")
    tokens.create(get_user_model().objects.create_user("bo@example.com"), "phone")

    function = import_string(ApiConfig.personal_data)

    times = {"created": token.created, "expires": token.expires}
    assert function(user) == {"tokens": [{"name": "laptop", **times}]}


@pytest.mark.skipif(
    not apps.is_installed("plinth.sign_up"), reason="needs plinth.sign_up"
)
def test_session_confirms_the_password_before_it_creates_a_token(
    api: Client, user: Any, settings: Settings
) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    modules = settings.ROOT_URLCONF, "plinth_tests.sign_up.urls"
    settings.ROOT_URLCONF = tuple(
        pattern for name in modules for pattern in import_module(name).urlpatterns
    )
    api.force_login(user)

    response = api.post(TOKENS, **NEW)

    assert response.status_code == 403
    page = "http://testserver/accounts/confirm/"
    assert page in response.json()["pages"]
    assert not Token.objects.exists()
    api.post(page, {"password": PASSWORD})
    assert api.post(TOKENS, **NEW).status_code == 201


@pytest.mark.parametrize("framework", ["drf"], indirect=True)
def test_profile_saves_changed_columns_alone(
    api: Client, user: Any, bearer: dict[str, str]
) -> None:
    with queries() as sql:
        response = api.patch(
            "/api/v1/profile/", {"name": "Bo"}, "application/json", headers=bearer
        )

    assert response.json() == {"name": "Bo"}
    table = f'UPDATE "{user._meta.db_table}"'  # noqa: SLF001
    (update,) = [each for each in sql if each.startswith(table)]
    assert '"name"' in update
    assert "is_active" not in update
