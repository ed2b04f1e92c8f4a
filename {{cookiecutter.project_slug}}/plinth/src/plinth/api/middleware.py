"""The rules of every request to the API, whichever framework serves it."""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.http import ConditionalGetMiddleware
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin

from . import problems, throttling, tokens

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
CHALLENGE = 'Bearer realm="api"'


class ApiMiddleware(MiddlewareMixin):
    """Authentication, rate limit, ETags and problems below API_PREFIX.

    Put it below the middleware that compresses, whose body no ETag may depend on, and above
    the session's and CSRF's. To add a way to authenticate, override `authenticate`.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        if not is_api(request):
            return None
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if limit is not None and length.isdigit() and int(length) > limit:
            return problems.respond(413)
        # PostgreSQL's text holds no NUL.
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return problems.respond(400)
        if length != "0" and not is_json(request):
            return problems.respond(415)
        return None

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not is_api(request):
            return None
        timezone.activate(UTC)
        if request.method == "HEAD":  # the server drops the body
            request.method, request.is_head = "GET", True  # type: ignore[attr-defined]
        error = self.authenticate(request)
        if wait := throttling.hit(request):
            return problems.respond(429, headers={"Retry-After": str(wait)})
        return error

    def authenticate(self, request: HttpRequest) -> HttpResponseBase | None:
        """Set `request.user` and, of its token, `request.api_token`; return an error.

        Without a session cookie, the session is not looked at, so that a response to
        everybody does not vary by cookie.
        """
        token = None
        user: Any = AnonymousUser()
        error = None
        try:
            token = tokens.of_request(request)
        except problems.Problem as problem:
            error = problem.response
        if token:
            user = token.user
        elif not error and settings.SESSION_COOKIE_NAME in request.COOKIES:
            user = request.user
            if user.is_authenticated and not has_csrf_token(request):
                detail = "Send the CSRF token of the session as X-CSRFToken."
                error = problems.respond(403, detail)
        request.user, request.api_token = user, token  # type: ignore[attr-defined]
        return error

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        return exception.response if isinstance(exception, problems.Problem) else None

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not is_api(request):
            return response
        timezone.deactivate()
        if response.status_code >= 400:  # noqa: PLR2004
            response = as_problem(request, response)
            patch_cache_control(response, no_store=True)
        elif "Cache-Control" not in response.headers:
            patch_cache_control(response, private=True, no_cache=True)
        conditional = ConditionalGetMiddleware(self.get_response)
        response = conditional.process_response(request, response)
        if hasattr(request, "is_head"):
            request.method = "HEAD"
        return response


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(getattr(settings, "API_PREFIX", "/api/"))


def is_json(request: HttpRequest) -> bool:
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    return request.content_type == "application/json" and charset == "utf-8"


def has_csrf_token(request: HttpRequest) -> bool:
    """Whether a request is safe or has the token: views of an API are exempt from it."""
    if request.method in SAFE:
        return True
    check = CsrfViewMiddleware(HttpResponse)
    return check.process_view(request, HttpResponse, (), {}) is None


def as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Replace the body of an error that Django or a framework has made."""
    if response.headers.get("Content-Type") != problems.CONTENT_TYPE:
        problem = problems.respond(response.status_code)
        for name, value in response.headers.items():
            if name not in {"Content-Length", "Content-Type"}:
                problem.headers[name] = value
        problem.cookies = response.cookies
        response = problem
    if allowed := response.headers.get("Allow"):
        # Django REST framework lists OPTIONS, which its views do not answer.
        methods = {*allowed.split(", ")} - {request.method}
        response.headers["Allow"] = ", ".join(sorted(methods))
    if response.status_code == 401:  # noqa: PLR2004
        response.headers.setdefault("WWW-Authenticate", CHALLENGE)
    return response
