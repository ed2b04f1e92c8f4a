"""Access log: one line per request, with a request id that the response carries too."""

import logging
import re
import time
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import LazyObject, empty

from .formatters import new_request_id, request_id
from .queries import Tally, current_tally, tally

logger = logging.getLogger(__name__)


# Load balancers probe these every few seconds.
PROBES = "/health/"


class RequestLogMiddleware(MiddlewareMixin):
    """Log each request: id, method, path, view, status, milliseconds, queries, user's id.

    The id is the X-Request-ID of a trusted proxy or a new one; the response has it too.
    The query string is not logged, since it may hold a secret or personal data, and of the
    user nothing but the id. The line is a warning from SLOW_REQUEST_SECONDS (a setting, 1
    by default), and DEBUG for a health check that succeeds.
    """

    def process_request(self, request: HttpRequest) -> None:
        # Of META: `request.headers` would copy all headers, for every request.
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        valid = re.fullmatch(r"[\w-]{8,64}", given, re.ASCII)
        request_id.set(given if valid else new_request_id())
        tally.set(Tally())
        # Not of META, which allauth replaces when it resumes a request.
        vars(request)["started"] = time.perf_counter()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        seconds = time.perf_counter() - vars(request)["started"]
        queries = current_tally()
        match = request.resolver_match
        facts = {
            "method": request.method,
            # Escaped as in Django's own lines: a line break can't forge a line.
            "path": request.path.encode("unicode_escape").decode("ascii"),
            "view": match.view_name if match else None,
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 1),
            "queries": queries.count,
            "query_ms": round(queries.seconds * 1000, 1),
            "user_id": loaded_user_id(request),
        }
        logger.log(
            level_of(request, response, seconds),
            "%(method)s %(path)s %(status)s %(duration_ms)s ms",
            facts,
            extra=facts,
        )
        response["X-Request-ID"] = request_id.get()
        return response


def level_of(request: HttpRequest, response: HttpResponseBase, seconds: float) -> int:
    if seconds >= getattr(settings, "SLOW_REQUEST_SECONDS", 1):
        return logging.WARNING
    is_healthy = (
        request.path.startswith(PROBES) and response.status_code == HTTPStatus.OK
    )
    return logging.DEBUG if is_healthy else logging.INFO


def loaded_user_id(request: HttpRequest) -> object:
    """Return the user's id if the view has loaded the user: loading costs a query."""
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user._wrapped is empty:  # noqa: SLF001
        return None
    return getattr(user, "pk", None)
