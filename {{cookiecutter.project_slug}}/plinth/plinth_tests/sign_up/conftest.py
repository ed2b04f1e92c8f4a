from typing import Any

import pytest
from django.apps import apps
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from plinth_tests.conftest import PASSWORD

INSTALLED = apps.is_installed("plinth.sign_up")
if not INSTALLED:
    collect_ignore_glob = ["test_*.py"]

BASE = """
{% block title %}{% endblock title %}
{% for message in messages %}{{ message }}{% endfor %}
{% block main %}{% block content %}{% endblock content %}{% endblock main %}
"""


@pytest.fixture(autouse=True)
def pages(site: Client, settings: Settings) -> None:
    for cache in caches.all():
        cache.clear()
    use_pages(settings)


def use_pages(settings: Any) -> None:
    """Serve sign-up's URLs, with templates that need none of the project's."""
    settings.ROOT_URLCONF = "plinth_tests.sign_up.urls"
    settings.LOGIN_URL = "accounts:sign-in"
    settings.LOGIN_REDIRECT_URL = "accounts:profile"
    settings.LOGOUT_REDIRECT_URL = "/plain/"
    settings.AUTH_PASSWORD_VALIDATORS = []
    loaders = [
        (
            "django.template.loaders.locmem.Loader",
            {"base.html": BASE, "error.html": BASE},
        ),
        "django.template.loaders.app_directories.Loader",
    ]
    processors = [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
        "plinth.http.context_processors.site",
    ]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": loaders, "context_processors": processors},
        }
    ]


@pytest.fixture
def verified(user: Any) -> Any:
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def signed_in(client: Client, verified: Any) -> Client:
    """Signed in by the page, and the password confirmed."""
    form = {"username": verified.email, "password": PASSWORD}
    client.post("/accounts/sign-in/", form)
    client.post("/accounts/confirm/", {"password": PASSWORD})
    return client
