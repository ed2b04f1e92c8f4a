"""django-silk in local settings: recorded requests and their queries, at /silk/."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from silk.config import SilkyConfig
from silk.middleware import SilkyMiddleware

# Probes, and what the tools of the local settings request.
IGNORED = ("/health/", "/__debug__/", "/__reload__/")
# Where the settings have no other values.
DEFAULTS = {
    "SILKY_MIDDLEWARE_CLASS": "plinth.profiling.silk.SilkMiddleware",
    "SILKY_MAX_RECORDED_REQUESTS": 1_000,
    # Bytes; a larger body is not recorded.
    "SILKY_MAX_REQUEST_BODY_SIZE": 100_000,
    "SILKY_MAX_RESPONSE_BODY_SIZE": 100_000,
}


class SilkMiddleware(SilkyMiddleware):  # type: ignore[misc]
    """Record requests. First in MIDDLEWARE, so that the others are in the time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        for name, value in DEFAULTS.items():
            SilkyConfig().attrs[name] = getattr(settings, name, value)

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(IGNORED):
            return
        # A compressed body could not be read.
        request.META.pop("HTTP_ACCEPT_ENCODING", None)
        super().process_request(request)
