"""What is measured: pages, and each of them without a practice."""

from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.crypto import get_random_string
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Case:
    """One way to ask for a page, and which of plinth.benchmarks.servers.SERVERS answers."""

    name: str
    path: str
    server: str = "site"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200

    def on(self, server: str) -> "Case":
        return replace(self, name=server, server=server)


@dataclass(frozen=True)
class Page:
    """A page as the site serves it, and other ways, to compare it with."""

    case: Case
    others: list[Case]


def sign_in(user: AbstractBaseUser) -> dict[str, str]:
    """Return the headers of a browser in which somebody is signed in."""
    session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    cookies = {
        settings.SESSION_COOKIE_NAME: session.session_key,
        settings.CSRF_COOKIE_NAME: get_random_string(32),
    }
    return {"Cookie": "; ".join(f"{name}={cookies[name]}" for name in cookies)}


def app_benchmarks() -> list[Any]:
    """Return the modules that apps register: `benchmarks` in their AppConfig.

    Such a module has `seed(user)`, `pages(signed_in)`, and may have SERVERS and
    `urlpatterns`, which are served below `without/`.
    """
    names = [getattr(app, "benchmarks", "") for app in apps.get_app_configs()]
    return [import_module(name) for name in names if name]


def app_servers() -> dict[str, dict[str, str]]:
    return {
        name: variables
        for module in app_benchmarks()
        for name, variables in getattr(module, "SERVERS", {}).items()
    }


def compressed(page: Case) -> Case:
    return replace(page, name="compressed", headers={"Accept-Encoding": "br"})


def all_pages() -> list[Page]:
    """Fill an empty database with what the pages show, and return the pages.

    The first of them stands beside a bare view, which answers the same bytes.
    """
    visitor = get_user_model().objects.create_superuser("visitor@example.com", name="Visitor")
    signed_in = sign_in(visitor)
    home, sign_in_page = Case("Home", "/"), Case("Sign-in", "/accounts/sign-in/")
    profile = Case("Profile", "/accounts/profile/", headers=signed_in)
    pages = [
        Page(home, [compressed(home)]),
        Page(sign_in_page, []),
        Page(profile, [profile.on("no cache"), profile.on("no kept connections")]),
    ]
    for benchmarks in app_benchmarks():
        benchmarks.seed(visitor)
        pages = [*benchmarks.pages(signed_in), *pages]
    view = Case("bare view, same bytes", "/bare/")
    bare = [view, replace(view, name="bare, no middleware", server="no middleware")]
    pages[0].others.extend(bare)
    return pages
