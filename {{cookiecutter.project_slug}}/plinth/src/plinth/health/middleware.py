"""Health endpoints for load balancers."""

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.deprecation import MiddlewareMixin

from plinth.logs.middleware import PROBES


class HealthMiddleware(MiddlewareMixin):
    """Answer /health/ before the Host header and the scheme are checked.

    A load balancer probes a server over http and by its IP address, which is not in
    ALLOWED_HOSTS.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        if not request.path_info.startswith(PROBES):
            return None
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return None
        view = match.func
        if iscoroutinefunction(view):
            view = async_to_sync(view)
        response: HttpResponseBase = view(request, *match.args, **match.kwargs)
        return response
