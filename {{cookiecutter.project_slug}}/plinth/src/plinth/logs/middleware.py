"""Access log: one line per request, with a request id that the response carries too."""

import logging
import re
import time

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import LazyObject, empty

from .formatters import new_request_id, request_id

logger = logging.getLogger(__name__)


class RequestLogMiddleware(MiddlewareMixin):
    """Log each request: id, method, path, status, milliseconds and the user's id.

    The id is the X-Request-ID of a trusted proxy or a new one; the response has it too.
    The query string is not logged, since it may hold a secret or personal data, and of the
    user nothing but the id.
    """

    def process_request(self, request: HttpRequest) -> None:
        # Of META: `request.headers` would copy all headers, for every request.
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        valid = re.fullmatch(r"[\w-]{8,64}", given, re.ASCII)
        request_id.set(given if valid else new_request_id())
        request.META["request_started"] = time.perf_counter()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        seconds = time.perf_counter() - request.META["request_started"]
        facts = {
            "method": request.method,
            # Escaped as in Django's own lines: a line break can't forge a line.
            "path": request.path.encode("unicode_escape").decode("ascii"),
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 1),
            "user_id": loaded_user_id(request),
        }
        logger.info(
            "%(method)s %(path)s %(status)s %(duration_ms)s ms", facts, extra=facts
        )
        response["X-Request-ID"] = request_id.get()
        return response


def loaded_user_id(request: HttpRequest) -> object:
    """Return the user's id if the view has loaded the user: loading costs a query."""
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user._wrapped is empty:  # noqa: SLF001
        return None
    return getattr(user, "pk", None)
