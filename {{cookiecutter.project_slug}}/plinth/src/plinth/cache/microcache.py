"""Microcache: the process caches a response for one second, in front of Redis."""

from collections.abc import Callable
from functools import partial, wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.translation import get_language

# Seconds
TTL = 1

View = Callable[..., HttpResponseBase]


def microcache(view: View, *, anonymous: bool = False) -> View:
    """Cache a view's responses in this process for TTL seconds.

    For pages that are the same for every client, in the site's time zone: a page from
    Redis costs several times what Django costs without middleware, nearly all of it round
    trips. The key is method, host, path, query and language. Only a 200 to GET is cached,
    see `store_if_shared`, and not `private`. `versions.invalidate` clears this process's
    entries at once; other processes serve theirs for TTL at most.

    With `anonymous`, the view is called for requests without a cookie alone, and its page
    may depend on that.
    """

    @wraps(view)
    def cached_view(
        request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        parts = (
            request.method,
            request.get_host(),
            request.get_full_path(),
            get_language(),
        )
        key = sha256(repr(parts).encode()).hexdigest()
        if cached := caches["process"].get(key):
            content, headers = cached
            return HttpResponse(content, headers=headers)
        timezone.deactivate()
        response = view(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        if (
            request.method == "GET"
            and isinstance(response, HttpResponse)
            and response.status_code == HTTPStatus.OK
        ):
            store_if_shared(response, partial(store, key), anonymous=anonymous)
        return response

    return cached_view


def store(key: str, response: HttpResponse) -> None:
    if "private" not in response.headers.get("Cache-Control", ""):
        cached = response.content, dict(response.headers)
        caches["process"].set(key, cached, TTL)


def store_if_shared(
    response: HttpResponseBase,
    store: Callable[[Any], object],
    *,
    anonymous: bool = False,
) -> None:
    """Let SessionPrivacyMiddleware store a response once it is known to fit every client.

    A view can't tell: other middleware sets the cookies of the CSRF token, the session
    and messages after it.
    """
    response.__dict__.setdefault("stores", []).append((store, anonymous))
