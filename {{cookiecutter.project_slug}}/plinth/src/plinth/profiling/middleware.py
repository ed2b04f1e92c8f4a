"""Middleware of local settings: `?profile` shows staff the flame graph of a page."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override

from .flame_graph import POLICY, html, recording


class ProfileMiddleware:
    """Answer GET /path/?profile with the flame graph of the page, to staff.

    Other users get the page itself, and so do staff where it is an error or a redirect.
    Middleware above this one, and a streamed body, are not in the graph.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not (
            request.method == "GET" and "profile" in request.GET and is_staff(request)
        ):
            return self.get_response(request)
        with recording(f"GET {request.path}") as profiler:
            response = self.get_response(request)
        if response.status_code != HTTPStatus.OK or not profiler.last_session:
            return response
        return page(request, html(profiler.last_session))


def is_staff(request: HttpRequest) -> bool:
    user = request.user
    return user.is_active and user.is_staff


@never_cache
@csp_override(POLICY)
def page(request: HttpRequest, text: str) -> HttpResponse:
    return HttpResponse(text)
