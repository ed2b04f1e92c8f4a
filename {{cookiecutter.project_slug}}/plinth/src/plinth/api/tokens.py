"""Tokens of the API: random, stored as a hash, with an expiry.

The key has 256 random bits, so a fast hash of it is safe. A token ends with its expiry, its
deletion, its user's deactivation, or a new password of its user, as a session does.
"""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from plinth.mail import services as mail

from .models import Token
from .problems import Problem

# For scanners that look for secrets in repositories.
PREFIX = "pat_"
SECOND_FACTOR = "Staff sign in with a second factor."
DEFAULT_DAYS = 90
MAX_DAYS = 365


def create(user: Any, name: str, days: int = DEFAULT_DAYS) -> tuple[Token, str]:
    """Return a new token and its key, which is not stored; tell the user by mail."""
    expires = timezone.now() + timedelta(days=days)
    key = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user, name=name, digest=digest(key), expires=expires
    )
    mail.send("api/mail/new_token", user.email, {"user": user, "token": token})
    return token, key


def check_session(request: Any) -> None:
    """Raise a problem unless the user may create a token in this request.

    A leaked token must not be able to create others, nor an abandoned session: with
    plinth.sign_up, the user confirms who they are, as for a second factor.
    """
    if request.api_token:
        raise Problem(403, "Sign in on the site: a token cannot create tokens.")
    if not apps.is_installed("plinth.sign_up"):
        return
    from allauth.account.adapter import get_adapter
    from allauth.account.internal.flows import reauthentication

    if reauthentication.is_reauthentication_required(request, app="allauth.account"):
        methods = get_adapter().get_reauthentication_methods(request.user)
        pages = [request.build_absolute_uri(each["url"]) for each in methods]
        raise Problem(403, "Confirm that it is you, on one of the pages.", pages=pages)


def revoke(request: Any, pk: int) -> None:
    """Delete a token of the user; one that authenticates the request, itself alone."""
    if request.api_token and request.api_token.pk != pk:
        raise Problem(403, "Sign in on the site: a token revokes only itself.")
    get_object_or_404(of_user(request.user.pk), pk=pk).delete()


def expired() -> QuerySet[Token]:
    return Token.objects.filter(expires__lte=timezone.now())


def personal_data(user: Any) -> dict[str, Any]:
    own = Token.objects.filter(user=user).order_by("pk")
    return {"tokens": list(own.values("name", "created", "expires"))}


def of_user(user: Any) -> QuerySet[Token]:
    return Token.objects.filter(user=user, expires__gt=timezone.now()).order_by("-id")


def of_request(request: HttpRequest) -> Token | None:
    """Return a request's token, or None without one; raise a problem if it is invalid."""
    session_key = request.META.get("HTTP_X_SESSION_TOKEN", "")
    if session_key and apps.is_installed("allauth.headless"):
        token = of_session(session_key)
    else:
        scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = find(key.strip())
    if not token:
        raise Problem(401)
    return token


def of_session(key: str) -> Token | None:
    """Return an unsaved token for the session of an app; it creates and revokes none.

    Before the second factor, the session has no user. With STAFF_MFA_REQUIRED, that of
    staff needs one.
    """
    from allauth.account.internal.flows.login import get_authentication_records
    from allauth.headless.internal.sessionkit import authenticate_by_x_session_token

    is_key = key.isascii() and key.isalnum()
    found: Any = authenticate_by_x_session_token(key) if is_key else None
    if not found or not found.user:
        return None
    if (found.user.is_staff or found.user.is_superuser) and settings.STAFF_MFA_REQUIRED:
        records = get_authentication_records(found, found.user)
        if not any(record.get("method") == "mfa" for record in records):
            raise Problem(403, SECOND_FACTOR)
    return Token(user=found.user)


def find(key: str) -> Token | None:
    """Return the valid token of a key, with its user, in one query."""
    valid = Token.objects.filter(expires__gt=timezone.now(), user__is_active=True)
    token = valid.select_related("user").filter(digest=digest(key)).first()
    if not token or token.created < token.user.password_changed:
        return None
    is_privileged = token.user.is_staff or token.user.is_superuser
    if is_privileged and getattr(settings, "STAFF_MFA_REQUIRED", False):
        from allauth.mfa.utils import is_mfa_enabled

        # One from before the user was staff, or before the setting.
        if not is_mfa_enabled(token.user):
            raise Problem(403, SECOND_FACTOR)
    return token


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
