"""Response headers that keep personal pages out of shared caches and other origins."""

import re

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csp import get_nonce
from django.utils.cache import has_vary_header
from django.utils.deprecation import MiddlewareMixin


class ResourcePolicyMiddleware(MiddlewareMixin):
    """Cross-Origin-Resource-Policy: same-origin, so that no other site embeds a page."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class SessionPrivacyMiddleware(MiddlewareMixin):
    """Mark responses `private` that may depend on a client.

    They are those to requests with a session cookie, a session token or an Authorization
    header, and those that set a cookie or have a nonce of the content security policy. So a
    view can declare its page public without regard to them.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        nonce = get_nonce(request)
        for_one_client = response.cookies or nonce
        for store, anonymous in response.__dict__.pop("stores", ()):
            for_one_cookie = has_vary_header(response, "Cookie") and not anonymous
            if not (for_one_client or for_one_cookie):
                store(response)
        if nonce:
            # A 304 would bring a new policy, which blocks the scripts of the cached page.
            for header in ("ETag", "Last-Modified"):
                response.headers.pop(header, None)
        if (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            or "HTTP_AUTHORIZATION" in request.META
            or "HTTP_X_SESSION_TOKEN" in request.META
            or for_one_client
        ):
            directives = re.split(r",\s*", response.headers.get("Cache-Control", ""))
            rest = [
                directive
                for directive in directives
                if not re.fullmatch(
                    r"(?i)(|public|private|(s-maxage|stale-.*)=.*)", directive
                )
            ]
            response.headers["Cache-Control"] = ", ".join(["private", *rest])
        return response
