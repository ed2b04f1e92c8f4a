"""Response headers that keep personal pages out of shared caches and other origins."""

import re

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin


class ResourcePolicyMiddleware(MiddlewareMixin):
    """Keep what people see here out of other sites' pages (files on the CDN may be)."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class SessionPrivacyMiddleware(MiddlewareMixin):
    """Let no cache on the way keep what somebody's session or cookies may have made.

    A view says that its page is public. This takes it back for who brings a session, and
    for an answer that sets a cookie, so that no view has to think of either.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            or "Authorization" in request.headers
            or response.cookies
        ):
            said = re.split(r",\s*", response.headers.get("Cache-Control", ""))
            rest = [
                directive
                for directive in said
                if not re.fullmatch(
                    r"(?i)(|public|private|(s-maxage|stale-.*)=.*)", directive
                )
            ]
            response.headers["Cache-Control"] = ", ".join(["private", *rest])
        return response
