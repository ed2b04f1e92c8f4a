"""Tokens of the API: random, stored as a hash, with an expiry.

The key has 256 random bits, so a fast hash of it is safe. A token ends with its expiry, its
deletion, its user's deactivation, or a new password of its user, as a session does.
"""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from .models import Token

# For scanners that look for secrets in repositories.
PREFIX = "pat_"
DEFAULT_DAYS = 90
MAX_DAYS = 365
# Who has found a token cannot stay.
NEEDS_SESSION = "Sign in on the site: a token cannot create tokens."


def create(user: Any, name: str, days: int = DEFAULT_DAYS) -> tuple[Token, str]:
    """Return a new token and its key, which is not stored; delete expired ones."""
    now = timezone.now()
    Token.objects.filter(user=user, expires__lte=now).delete()
    key = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user, name=name, digest=digest(key), expires=now + timedelta(days=days)
    )
    return token, key


def of_user(user: Any) -> QuerySet[Token]:
    return Token.objects.filter(user=user, expires__gt=timezone.now()).order_by("-id")


def find(key: str) -> Token | None:
    """Return the valid token of a key, with its user, in one query."""
    valid = Token.objects.filter(expires__gt=timezone.now(), user__is_active=True)
    token = valid.select_related("user").filter(digest=digest(key)).first()
    if token and token.created < token.user.password_changed:
        return None
    return token


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
