"""Tokens: hashed, each of one user, and ended by time, revocation or a new password."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from plinth.api import tokens
from plinth.api.models import Token
from plinth.testing.queries import queries

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


def test_token_of_another_user_is_not_found(
    api: Client, user: Any, bearer: dict[str, str]
) -> None:
    other = get_user_model().objects.create_user("bo@example.com")
    foreign, _ = tokens.create(other, "secret name")

    response = api.delete(f"{TOKENS}{foreign.pk}/", headers=bearer)

    missing = api.delete(f"{TOKENS}{foreign.pk + 1}/", headers=bearer)
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


def test_new_token_deletes_expired_ones_of_its_user(user: Any, db: None) -> None:
    other = get_user_model().objects.create_user("bo@example.com")
    for owner in (user, other):
        tokens.create(owner, "old")
    Token.objects.update(expires=timezone.now())

    tokens.create(user, "new")

    kept = Token.objects.values_list("user", "name")
    assert {*kept} == {(user.pk, "new"), (other.pk, "old")}


@pytest.mark.parametrize("framework", ["drf"], indirect=True)
def test_profile_saves_changed_columns_alone(
    api: Client, user: Any, bearer: dict[str, str]
) -> None:
    with queries() as sql:
        response = api.patch(
            "/api/v1/profile/", {"name": "Bo"}, "application/json", headers=bearer
        )

    assert response.json() == {"name": "Bo"}
    (update,) = [each for each in sql if each.startswith("UPDATE")]
    assert '"name"' in update
    assert "is_active" not in update
