"""What happens to every request. `config/settings/base.py` says in which order."""

import logging
import re
import time
import uuid

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.deprecation import MiddlewareMixin

from .logging import request_id

logger = logging.getLogger(__name__)


class RequestLogMiddleware(MiddlewareMixin):
    """Name each request and log it: its id, method, path, status and milliseconds.

    A proxy in front may have named it already, in X-Request-ID; the answer carries the
    name in the same header. What could be a secret stays out of the log: the query
    string, and a token in the path, as a link to reset a password has it.
    """

    def process_request(self, request: HttpRequest) -> None:
        given = request.headers.get("X-Request-ID", "")
        valid = re.fullmatch(r"[\w-]{8,64}", given, re.ASCII)
        request_id.set(given if valid else uuid.uuid4().hex)
        request.META["request_started"] = time.perf_counter()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        seconds = time.perf_counter() - request.META["request_started"]
        facts = {
            "method": request.method,
            "path": path_without_token(request),
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 1),
        }
        logger.info(
            "%(method)s %(path)s %(status)s %(duration_ms)s ms", facts, extra=facts
        )
        response["X-Request-ID"] = request_id.get()
        return response


def path_without_token(request: HttpRequest) -> str:
    token = request.resolver_match and request.resolver_match.kwargs.get("token")
    return request.path.replace(token, "***") if token else request.path


class HealthMiddleware(MiddlewareMixin):
    """Answer health probes before the host is checked and https is asked for.

    A load balancer knows a server by its IP address, which is not in ALLOWED_HOSTS,
    and speaks http to it.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        if not request.path_info.startswith("/health/"):
            return None
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return None
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return response
