"""System checks of the URLs and the middleware of sign-up."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.urls import NoReverseMatch, Resolver404, resolve, reverse


@checks.register("plinth")
def check_sign_up(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Report a sign-in page that is not allauth's, and a middleware that is missing."""
    try:
        view = resolve(reverse(settings.LOGIN_URL)).func
    except (NoReverseMatch, Resolver404):
        view = None
    if view and not view.__module__.startswith("allauth."):
        yield checks.Error(
            "The sign-in page asks for no second factor: put "
            'path("accounts/", include("plinth.sign_up.urls")) above the other URLs of '
            "accounts.",
            id="plinth.E002",
        )
    middleware = "plinth.sign_up.middleware.SignUpMiddleware"
    if settings.STAFF_MFA_REQUIRED and middleware not in settings.MIDDLEWARE:
        yield checks.Error(
            f"STAFF_MFA_REQUIRED needs {middleware} in MIDDLEWARE.", id="plinth.E003"
        )
