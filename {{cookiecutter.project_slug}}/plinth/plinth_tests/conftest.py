from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.test import Client, override_settings
from django.utils import translation
from pytest_django import Settings

from plinth_tests import site as small_site

PASSWORD = "a long and quiet password"


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ann@example.com", PASSWORD, name="Ann")


def move_users(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Give all users a time zone, whether or not the project's model has the field."""
    zone = property(lambda user: name, lambda user, value: None)
    monkeypatch.setattr(get_user_model(), "time_zone", zone, raising=False)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """All users in Tokyo."""
    move_users(monkeypatch, "Asia/Tokyo")


@pytest.fixture
def headless(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with SIGN_UP_HEADLESS."""
    is_installed = apps.is_installed
    monkeypatch.setattr(
        apps, "is_installed", lambda app: app == "allauth.headless" or is_installed(app)
    )


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Whatever language the project has."""
    with override_settings(LANGUAGE_CODE="en"), translation.override("en"):
        yield


@pytest.fixture
def site(settings: Settings, client: Client) -> Client:
    """A client of `plinth_tests.site`."""
    small_site.use(settings)
    return client
