from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from plinth_tests import site as small_site

PASSWORD = "a long and quiet password"


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ann@example.com", PASSWORD, name="Ann")


@pytest.fixture(autouse=True)
def english(settings: Settings) -> Iterator[None]:
    """Whatever language the project has."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def site(settings: Settings, client: Client) -> Client:
    """A client of `plinth_tests.site`."""
    small_site.use(settings)
    return client
