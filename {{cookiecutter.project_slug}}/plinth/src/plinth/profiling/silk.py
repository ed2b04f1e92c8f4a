"""django-silk in local settings: recorded requests and their queries, at /silk/."""

from django.http import HttpRequest
from silk.middleware import SilkyMiddleware

# Probes, and what the tools of the local settings request.
IGNORED = ("/health/", "/__debug__/", "/__reload__/")


class SilkMiddleware(SilkyMiddleware):  # type: ignore[misc]
    """Record requests. First in MIDDLEWARE, so that the others are in the time."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(IGNORED):
            return
        # A compressed body could not be read.
        request.META.pop("HTTP_ACCEPT_ENCODING", None)
        super().process_request(request)
