"""Throttling of sign-in and of password pages, by account and by client IP.

Counters are in a cache of their own. Without REDIS_URL each process counts for itself, so
that a limit is multiplied by their number. Without an answer from Redis nothing is
throttled: an outage locks nobody out.
"""

import hashlib
import logging
import math
import time
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils.connection import ConnectionProxy

from plinth.database.fields import normalize_email

logger = logging.getLogger(__name__)
cache = ConnectionProxy(caches, "throttle")

# For each action: attempts and seconds, by account and by client IP. The setting THROTTLE
# overrides an action. Sign-ins, changes and codes that succeed don't count by account.
LIMITS: dict[str, dict[str, tuple[int, int]]] = {
    "sign-in": {"account": (5, 300), "client": (30, 60)},
    # A code of the second factor has six digits.
    "code": {"account": (5, 300), "client": (30, 60)},
    "password-change": {"account": (5, 300)},
    # The password again, in a session: no stranger's failed sign-ins end that.
    "confirm": {"account": (5, 300)},
    "password-reset": {"account": (5, 300), "client": (20, 60)},
}
# Actions that ask for the password.
PASSWORD_ACTIONS = ("sign-in", "confirm", "password-change")


def consume(request: HttpRequest, action: str, account: str) -> int:
    """Count an attempt; return the seconds to wait, or 0 if it is allowed.

    `account` is an email address, whether or not there is an account with it.
    """
    sources = {"account": account, "client": client_network(request)}
    wait = 0
    for kind, (limit, seconds) in limits()[action].items():
        key = cache_key(action, kind, sources[kind])
        attempts, left = count(key, limit, seconds)
        wait = max(wait, left)
        if attempts == limit + 1:
            logger.warning("Too many attempts by one %s: %s", kind, action)
    return wait


def count(key: str, limit: int, seconds: int) -> tuple[int, int]:
    """Count in a window that starts with the first; return the number, and a wait above it.

    The counter is atomic, in all processes where the cache is Redis. Around the end of a
    window, twice the limit passes.
    """
    if cache.add(key, 0, seconds):
        cache.set(f"{key}:until", time.time() + seconds, seconds)
    try:
        number = cache.incr(key) or 0
    except ValueError:  # evicted or expired since
        return 0, 0
    if number <= limit:
        return number, 0
    until = cache.get(f"{key}:until") or time.time() + 1
    return number, max(math.ceil(until - time.time()), 1)


def give_back(action: str, account: str) -> None:
    """Uncount an attempt of an account, which has succeeded."""
    key = cache_key(action, "account", account)
    try:
        cache.decr(key)
    except ValueError:  # evicted or expired since
        return


def release(account: str, *actions: str) -> None:
    """Forget the attempts of an account: of these actions, or of all."""
    for action in actions or limits():
        key = cache_key(action, "account", account)
        cache.delete_many([key, f"{key}:until"])


def limits() -> dict[str, dict[str, tuple[int, int]]]:
    return LIMITS | getattr(settings, "THROTTLE", {})


def cache_key(action: str, kind: str, source: str) -> str:
    # A form strips spaces.
    digest = hashlib.sha256(normalize_email(source.strip()).encode()).hexdigest()
    return f"throttle:{action}:{kind}:{digest}"


def client_network(request: HttpRequest) -> str:
    """The client's IPv4 address, or its IPv6 network: an attacker has all of a /64."""
    text: str = request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(text)
    except ValueError:
        return text
    prefix = 64 if address.version == 6 else 32  # noqa: PLR2004 (bits)
    return str(ip_network(f"{address}/{prefix}", strict=False))
