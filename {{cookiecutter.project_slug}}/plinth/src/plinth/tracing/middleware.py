"""A span for each request."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from opentelemetry.instrumentation.django.middleware.otel_middleware import (
    _DjangoMiddleware,
)

from plinth.logs.middleware import PROBES


class TracingMiddleware(_DjangoMiddleware):
    """OpenTelemetry's own middleware, for ASGI without a thread for each request too.

    Not traced: health checks and static files; and requests for a host that is not
    allowed, to which the original responds with an error 400, whatever the page.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self.untraced = (PROBES, settings.STATIC_URL)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if not self.is_traced(request):
            return self.get_response(request)
        return self.call_async(request) if self.is_async else super().__call__(request)

    async def call_async(self, request: HttpRequest) -> Any:
        self.process_request(request)
        return self.process_response(request, await self.get_response(request))

    def is_traced(self, request: HttpRequest) -> bool:
        try:
            request.get_host()
        except DisallowedHost:
            return False
        return not request.path.startswith(self.untraced)
