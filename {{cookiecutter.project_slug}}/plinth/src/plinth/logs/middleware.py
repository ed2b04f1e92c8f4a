"""Access log: one line per request, with a request id that the response carries too."""

import logging
import re
import time
import uuid

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import LazyObject, empty

from .formatters import request_id

logger = logging.getLogger(__name__)


class RequestLogMiddleware(MiddlewareMixin):
    """Name each request and log it: id, method, path, status, milliseconds, user's id.

    A proxy in front may have named it already, in X-Request-ID; the answer carries the
    name in the same header. The query string stays out of the log, since it may hold a
    secret or what a person typed. Of a person it has the id alone: no name, no address.
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
            # As Django's own lines have it: a line break in it can't forge a line.
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
    """Return who is signed in, if the view asked: asking here would cost a query."""
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user._wrapped is empty:  # noqa: SLF001
        return None
    return getattr(user, "pk", None)
