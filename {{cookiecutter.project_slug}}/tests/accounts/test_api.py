"""The account by the API: requests have a token or the browser's session."""

from http import HTTPStatus

import pytest
from django.test import Client

from apps.accounts.models import User
from plinth.api import tokens

ACCOUNT = "/api/v1/account/"


@pytest.fixture
def token(user: User) -> dict[str, str]:
    _, key = tokens.create(user, "laptop")
    return {"Authorization": f"Bearer {key}"}


def test_profile_needs_a_user(client: Client) -> None:
    response = client.get(ACCOUNT)

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.headers["Content-Type"] == "application/problem+json"


def test_token_reads_and_changes_the_own_profile(
    client: Client, user: User, token: dict[str, str]
) -> None:
    assert client.get(ACCOUNT, headers=token).json()["email"] == user.email

    change = {"name": "Ann Other", "time_zone": "Asia/Tokyo"}
    response = client.patch(ACCOUNT, change, "application/json", headers=token)

    assert response.json() == {"email": user.email, **change}
    user.refresh_from_db()
    assert (user.name, user.time_zone) == ("Ann Other", "Asia/Tokyo")


# The address needs the password.
@pytest.mark.parametrize(
    ("name", "value"),
    [("time_zone", "../x"), ("email", "new@example.com"), ("is_superuser", True)],
)
def test_other_changes_of_the_profile_are_refused(
    client: Client, user: User, token: dict[str, str], name: str, value: object
) -> None:
    change = {"name": "Ann Other", name: value}
    response = client.patch(ACCOUNT, change, "application/json", headers=token)

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert [each["pointer"] for each in response.json()["errors"]] == [f"#/{name}"]
    user.refresh_from_db()
    assert user.name == "Ann"
