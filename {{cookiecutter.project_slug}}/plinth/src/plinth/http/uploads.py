"""Large request bodies: permission is checked before a body is parsed.

Django parses a POST to find its CSRF token, and writes large files to the temporary
folder. Without these, any client could fill the memory and the disk.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.csrf import (
    csrf_exempt,  # noqa: TID251 (see LargeBodyMixin)
    csrf_protect,
)
from django.views.generic import View

from .errors import too_large


class LargeBodyMiddleware(MiddlewareMixin):
    """Answer 413 to a body above ANONYMOUS_BODY_MAX_BYTES, unless its user is signed in.

    The default is DATA_UPLOAD_MAX_MEMORY_SIZE: Django parses as much in memory.
    """

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        size = request.META.get("CONTENT_LENGTH") or "0"
        limit = getattr(
            settings, "ANONYMOUS_BODY_MAX_BYTES", settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        )
        if limit is None or int(size) <= limit or request.user.is_authenticated:
            return None
        return too_large(request)


class LargeBodyMixin(View):
    """Checks the CSRF token after permissions: put permission mixins before this one."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        # From CsrfViewMiddleware, which runs before the view; `dispatch` checks the token.
        return csrf_exempt(super().as_view(**initkwargs))

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        return csrf_protect(super().dispatch)(request, *args, **kwargs)
