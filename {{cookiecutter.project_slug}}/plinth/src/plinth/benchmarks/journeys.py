"""Journeys for the load test: what a visitor requests, in order.

An app's benchmarks module has its own: `def journeys() -> list[Journey]`.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.urls import Resolver404, resolve

from .cases import app_benchmarks, url


class Visitor(Protocol):
    """A client with cookies of its own.

    A response with another status than the expected one is an error, and ends the journey.
    """

    email: str
    password: str

    def get(self, path: str, step: str, status: int = 200) -> str:
        """Return a page; `step` is its name in the report."""

    def post(
        self, path: str, step: str, fields: dict[str, str], status: int = 302
    ) -> str:
        """Send a form with the CSRF token of the page before it."""


class JourneyError(Exception):
    """A response is not the one that the journey expects."""


@dataclass(frozen=True)
class Journey:
    name: str
    run: Callable[[Visitor], object]
    # The visitor signs in once, before the first of them.
    signed_in: bool = False
    # Whether it sends a form. Without WRITES=1, a deployed site gets GET requests only.
    writes: bool = False
    # How often a deployed site gets it, beside the others.
    weight: int = 1

    @property
    def is_safe(self) -> bool:
        return not (self.signed_in or self.writes)


def link(page: str, name: str) -> str:
    """Return the path of the first link of a page that leads to a URL of this name."""
    for path in re.findall(r'href="(/[^"?#]*)', page):
        with suppress(Resolver404):
            if resolve(path).view_name == name:
                return str(path)
    raise JourneyError(f"the page has no link to {name}")


def sign_in(visitor: Visitor) -> None:
    path = url(settings.LOGIN_URL)
    visitor.get(path, "sign-in page")
    fields = {"username": visitor.email, "password": visitor.password}
    visitor.post(path, "sign in", fields)


def visit(visitor: Visitor) -> None:
    visitor.get("/", "home")
    for step, name in {
        "sign-in page": settings.LOGIN_URL,
        "reset page": "accounts:password-reset",
    }.items():
        if path := url(name):
            visitor.get(path, step)


def enter(visitor: Visitor) -> None:
    sign_in(visitor)
    visitor.get(url(settings.LOGIN_REDIRECT_URL), "profile")


def read_profile(visitor: Visitor) -> None:
    visitor.get(url(settings.LOGIN_REDIRECT_URL), "profile")


def check_health(visitor: Visitor) -> None:
    visitor.get(url("health:live"), "live")
    visitor.get(url("health:ready"), "ready")


def site_journeys() -> list[Journey]:
    """Return the journeys of every site, where it has their pages."""
    found = [Journey("Visit", visit, weight=5)]
    if url(settings.LOGIN_URL) and url(settings.LOGIN_REDIRECT_URL):
        found += [
            Journey("Sign in", enter, writes=True),
            Journey("Profile", read_profile, signed_in=True),
        ]
    if url("health:live"):
        found.append(Journey("Health", check_health))
    return found


def all_journeys() -> list[Journey]:
    """Return the journeys of the site and of its apps."""
    found = site_journeys()
    for module in app_benchmarks():
        found += getattr(module, "journeys", list)()
    return found
