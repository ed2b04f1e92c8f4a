"""Answers that a process gives again for a moment, without asking anybody."""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.translation import get_language

# Seconds
MOMENT = 1

View = Callable[..., HttpResponseBase]


def microcache(view: View) -> View:
    """Answer from this process's memory, for MOMENT seconds after the view has.

    Only for what is the same for everybody. A page that Redis keeps costs several times
    what Django alone does, nearly all of it for looks into Redis. A change in another
    process shows MOMENT later; one in this process at once, by `versions.invalidate`.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = request.method, request.get_host(), request.get_full_path()
        key = sha256(repr((asked, get_language())).encode()).hexdigest()
        if kept := caches["process"].get(key):
            content, headers = kept
            return HttpResponse(content, headers=headers)
        response = view(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        if (
            request.method == "GET"
            and isinstance(response, HttpResponse)
            and response.status_code == HTTPStatus.OK
            and not response.cookies
            and "private" not in response.headers.get("Cache-Control", "")
        ):
            kept = response.content, dict(response.headers)
            caches["process"].set(key, kept, MOMENT)
        return response

    return answer
