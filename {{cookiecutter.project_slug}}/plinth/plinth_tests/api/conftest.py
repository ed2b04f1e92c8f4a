from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from plinth import extras
from plinth.api import tokens
from plinth_tests import models as _models  # noqa: F401 (of the API: their tables)
from plinth_tests import site as small_site

PRIVACY = "plinth.http.privacy.SessionPrivacyMiddleware"
OWN = ["corsheaders.middleware.CorsMiddleware", "plinth.api.middleware.ApiMiddleware"]


@pytest.fixture(params=["drf", "ninja"])
def framework(request: pytest.FixtureRequest) -> str:
    if not extras.is_installed(request.param):
        pytest.skip(f"needs the extra {request.param} of django-plinth")
    return str(request.param)


@pytest.fixture
def api(framework: str, settings: Settings, db: None) -> Client:
    """A client of a small API by each framework; unexpected errors are responses."""
    from plinth.api import settings as defaults

    small_site.use(settings)
    # Before the import of its views, which read it.
    for name in filter(str.isupper, dir(defaults)):
        setattr(settings, name, getattr(defaults, name))
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    # With plinth.sign_up, whose test sets it.
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each not in OWN]
    place = settings.MIDDLEWARE.index(PRIVACY) + 1
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:place],
        *OWN,
        *settings.MIDDLEWARE[place:],
    ]
    settings.ROOT_URLCONF = f"plinth_tests.api.{framework}_urls"
    for cache in caches.all():
        cache.clear()
    return Client(raise_request_exception=False)


@pytest.fixture
def bearer(user: Any) -> dict[str, str]:
    """The header of a token of `user`."""
    _, key = tokens.create(user, "laptop")
    return {"Authorization": f"Bearer {key}"}
