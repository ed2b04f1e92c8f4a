"""Throttling of sign-in and password pages by the application alone."""

from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache as default
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from pytest_django import Settings

from plinth.http import errors, throttle
from plinth_tests.accounts.test_pages import PASSWORD_CHANGE, PASSWORD_RESET, SIGN_IN
from plinth_tests.accounts.test_pages import pages as _pages  # noqa: F401 (a fixture)
from plinth_tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_pages")]

WRONG = "wrong"
LIMIT, SECONDS = throttle.LIMITS["sign-in"]["account"]


@pytest.fixture(autouse=True)
def counters(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for cache in caches.all():
        cache.clear()
    # The error page needs the project's template.
    monkeypatch.setattr(errors.ErrorView, "template_name", "base.html")


def sign_in(
    client: Client, email: str, password: str = WRONG, ip: str = "192.0.2.1"
) -> Any:
    form = {"username": email, "password": password}
    return client.post(SIGN_IN, form, REMOTE_ADDR=ip)


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
def test_account_is_locked_from_any_address_whether_or_not_it_exists(
    client: Client, user: Any, email: str
) -> None:
    for number in range(LIMIT):
        response = sign_in(client, email, ip=f"192.0.2.{number}")
        assert response.status_code == HTTPStatus.OK

    response = sign_in(client, email.title(), PASSWORD, ip="198.51.100.1")

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert 0 < int(response.headers["Retry-After"]) <= SECONDS
    assert "_auth_user_id" not in client.session


def test_spaces_make_no_other_account(user: Any) -> None:
    """A form strips them."""
    limit, _ = throttle.LIMITS["password-reset"]["account"]
    found = [
        Client()
        .post(
            PASSWORD_RESET,
            {"email": " " * number + user.email},
            REMOTE_ADDR=f"192.0.2.{number}",
        )
        .status_code
        for number in range(limit + 1)
    ]

    assert found == [*[HTTPStatus.FOUND] * limit, HTTPStatus.TOO_MANY_REQUESTS]


def test_pages_in_the_cache_evict_no_counter(client: Client, user: Any) -> None:
    """Without Redis, a process has a cache of 300 pages."""
    for _ in range(LIMIT):
        sign_in(client, user.email)
    for number in range(1_000):
        default.set(f"page-{number}", "page")

    assert sign_in(client, user.email).status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_successful_sign_ins_are_not_counted(client: Client, user: Any) -> None:
    for _ in range(2 * LIMIT):
        assert sign_in(Client(), user.email, PASSWORD).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize("ip", ["192.0.2.1", "2001:db8::{}"])
def test_client_is_locked_whatever_the_account(client: Client, ip: str) -> None:
    limit, _ = throttle.LIMITS["sign-in"]["client"]
    for number in range(limit):
        response = sign_in(client, f"{number}@example.com", ip=ip.format(number))
        assert response.status_code == HTTPStatus.OK

    response = sign_in(client, "ann@example.com", ip=ip.format("ffff"))

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    # A neighbour is not.
    assert sign_in(client, "ann@example.com", ip="203.0.113.9").status_code == 200


def test_password_reset_is_limited_by_address(client: Client) -> None:
    for _ in range(throttle.LIMITS["password-reset"]["account"][0]):
        response = client.post(PASSWORD_RESET, {"email": "nobody@example.com"})
        assert response.status_code == HTTPStatus.FOUND

    response = client.post(PASSWORD_RESET, {"email": "nobody@example.com"})

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_guesses_of_the_old_password_are_limited(client: Client, user: Any) -> None:
    client.force_login(user)
    form = {"old_password": "wrong", "new_password1": "x", "new_password2": "x"}
    for _ in range(throttle.LIMITS["password-change"]["account"][0]):
        assert client.post(PASSWORD_CHANGE, form).status_code == HTTPStatus.OK

    response = client.post(PASSWORD_CHANGE, form)

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_command_releases_an_account(
    client: Client, user: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(LIMIT + 1):
        sign_in(client, user.email)

    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("release_account", user.email)
    # A cache that other processes share.
    monkeypatch.setitem(settings.CACHES["default"], "BACKEND", "redis")
    call_command("release_account", user.email.upper())

    assert sign_in(client, user.email, PASSWORD).status_code == HTTPStatus.FOUND


def test_cache_that_does_not_answer_throttles_nothing(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As django-redis answers while its errors are ignored.
    silent = dict.fromkeys(("add", "incr", "decr", "get"), lambda *args: None)
    monkeypatch.setattr(throttle, "cache", SimpleNamespace(**silent))
    request = rf.post("/")

    for _ in range(2 * LIMIT):
        assert throttle.consume(request, "sign-in", "ann@example.com") == 0
    throttle.give_back("sign-in", "ann@example.com")


@pytest.mark.parametrize("action", ["sign-in", "vote"])
def test_setting_changes_or_adds_a_limit(
    rf: RequestFactory, settings: Settings, action: str
) -> None:
    settings.THROTTLE = {action: {"account": (1, 10)}}
    request = rf.post("/")

    assert throttle.consume(request, action, "ann@example.com") == 0
    assert throttle.consume(request, action, "ann@example.com") == 10
    throttle.release("ann@example.com")
    assert throttle.consume(request, action, "ann@example.com") == 0
