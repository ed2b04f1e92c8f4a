"""Idempotency-Key: a repeated POST gets the first response, and changes nothing.

The key is inserted in the transaction of the view's own writes: both commit, or neither. An
error, raised or returned, rolls back. A concurrent request waits for the first. Other
responses are stored for a day, unless they say `no-store`, as one with a secret does; another
user's key is another key. Async views ignore the key: a transaction is sync.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial, wraps
from hashlib import sha256
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from . import problems
from .models import IdempotentResponse

View = Callable[..., HttpResponseBase]

RETENTION = timedelta(days=1)
MAX_LENGTH = 200
# SQLSTATE lock_not_available, query_canceled: the time-outs of a lock and of a statement.
TIMED_OUT = {"55P03", "57014"}


def wrap(patterns: Iterable[URLPattern | URLResolver]) -> None:
    """Apply idempotency keys to the views of URLs: below all middleware."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            wrap(pattern.url_patterns)
        elif not iscoroutinefunction(pattern.callback):
            pattern.callback = idempotent(pattern.callback)


def idempotent(view: View) -> View:
    if hasattr(view, "is_idempotent"):  # URLs of two versions
        return view

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None or not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return respond_once(request, key, partial(view, request, *args, **kwargs))

    wrapper.is_idempotent = True  # type: ignore[attr-defined]
    return wrapper


def respond_once(
    request: HttpRequest, key: str, respond: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    if not key.isprintable() or not 0 < len(key) <= MAX_LENGTH:
        detail = f"An Idempotency-Key has 1 to {MAX_LENGTH} printable characters."
        return problems.respond(400, detail)
    line = f"{request.method} {request.get_full_path()}\n".encode()
    fingerprint = sha256(line + request.body).hexdigest()
    user: Any = request.user
    mine = IdempotentResponse.objects.filter(user=user)
    expired().filter(user=user).delete()
    with transaction.atomic():
        try:
            with transaction.atomic():
                record = IdempotentResponse.objects.create(
                    user=user, key=key, fingerprint=fingerprint
                )
        except IntegrityError:
            return repeat(mine.get(key=key), fingerprint)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in TIMED_OUT:
                raise
            detail = "A request with this Idempotency-Key is in progress."
            return problems.respond(409, detail, headers={"Retry-After": "1"})
        response = respond()
        if hasattr(response, "render"):
            response = response.render()
        if response.status_code >= 400:  # noqa: PLR2004
            transaction.set_rollback(True)
        elif isinstance(response, HttpResponse) and may_store(response):
            record.status, record.content = response.status_code, response.content
            record.headers = dict(response.headers)
            record.save()
        else:
            record.delete()
    return response


def may_store(response: HttpResponse) -> bool:
    return "no-store" not in response.headers.get("Cache-Control", "")


def expired() -> QuerySet[IdempotentResponse]:
    old = timezone.now() - RETENTION
    return IdempotentResponse.objects.filter(created__lt=old)


def repeat(record: IdempotentResponse, fingerprint: str) -> HttpResponse:
    if record.fingerprint != fingerprint:
        detail = "This Idempotency-Key was sent with another request."
        return problems.respond(422, detail)
    return HttpResponse(
        bytes(record.content),
        status=record.status,
        headers=record.headers | {"Idempotency-Replayed": "true"},
    )
