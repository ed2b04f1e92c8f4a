"""The base class of middleware that needs no thread under ASGI."""

from typing import Any

from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin


class InlineMiddleware(MiddlewareMixin):
    """Middleware whose hooks neither wait nor query: the event loop runs them itself.

    Django runs each hook of a MiddlewareMixin in a thread, for any of them may wait.
    """

    async def __acall__(self, request: HttpRequest) -> Any:
        response = None
        if hasattr(self, "process_request"):
            response = self.process_request(request)
        response = response or await self.get_response(request)
        if hasattr(self, "process_response"):
            response = self.process_response(request, response)
        return response
