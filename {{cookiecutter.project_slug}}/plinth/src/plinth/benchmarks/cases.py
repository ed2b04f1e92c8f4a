"""The pages to measure, each with variants that lack one practice."""

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
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, resolve
from django.utils.crypto import get_random_string
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Case:
    """One request, and the name of the server in plinth.benchmarks.servers it is sent to."""

    name: str
    path: str
    server: str = "site"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200

    def on(self, server: str) -> "Case":
        return replace(self, name=server, server=server)


@dataclass(frozen=True)
class Page:
    """A page as the site serves it, and variants to compare it with."""

    case: Case
    others: list[Case]
    # Whether it queries the database with a warm cache, too.
    queries: bool = False


def make_user() -> AbstractBaseUser:
    model = get_user_model()
    user = model(**{model.USERNAME_FIELD: "user@example.com"})
    user.set_unusable_password()
    user.save()
    return user


def sign_in(user: AbstractBaseUser) -> dict[str, str]:
    """Return the request headers of a session in which a user is signed in."""
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

    Such a module has `seed(user)` and `pages(signed_in)`. It may have SERVERS, and URLS,
    the dotted path of a URLconf that is served below /without/.
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


def account_pages(signed_in: dict[str, str]) -> list[Page]:
    """Return the pages of LOGIN_URL and LOGIN_REDIRECT_URL, where the site has them."""
    pages = []
    if path := url(settings.LOGIN_URL):
        pages.append(Page(Case("Sign-in", path), []))
    if path := url(settings.LOGIN_REDIRECT_URL):
        profile = Case("Profile", path, headers=signed_in)
        others = [profile.on("no cache"), profile.on("CONN_MAX_AGE=0")]
        pages.append(Page(profile, others, queries=True))
    return pages


def url(name: str) -> str:
    """Return the path of a URL or its name; an empty string if the site has no such page."""
    try:
        path = resolve_url(name)
        resolve(path)
    except (NoReverseMatch, Resolver404):
        return ""
    return path


def all_pages() -> list[Page]:
    """Fill an empty database and return the pages.

    The first page is compared with a bare view that returns the same bytes.
    """
    user = make_user()
    signed_in = sign_in(user)
    home = Case("Home", "/")
    pages = [Page(home, [compressed(home)]), *account_pages(signed_in)]
    for benchmarks in app_benchmarks():
        benchmarks.seed(user)
        pages = [*benchmarks.pages(signed_in), *pages]
    view = Case("bare view, same bytes", "/bare/")
    bare = [view, replace(view, name="bare, no middleware", server="no middleware")]
    pages[0].others.extend(bare)
    return pages
