"""django-silk's pages, with a Content-Security-Policy that they work under."""

from typing import Any

from django.conf import settings
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from silk.urls import app_name, urlpatterns
from zeal import zeal_ignore

__all__ = ["app_name", "urlpatterns"]

SITE: dict[str, Any] = settings.SECURE_CSP
POLICY = SITE | {
    # The picker of dates compiles its format.
    "script-src": [*SITE["script-src"], CSP.UNSAFE_EVAL],
    # A list is sorted by an inline event handler.
    "script-src-attr": [CSP.UNSAFE_INLINE],
    "style-src-attr": [CSP.UNSAFE_INLINE],
}
for pattern in urlpatterns:
    # Some of them make an N+1 query.
    pattern.callback = csp_override(POLICY)(zeal_ignore()(pattern.callback))
