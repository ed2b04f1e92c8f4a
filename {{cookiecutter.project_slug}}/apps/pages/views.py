from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils import timezone
from django.views.generic import RedirectView, TemplateView


class HomeView(TemplateView):
    template_name = "pages/home.html"


class FaviconView(RedirectView):
    """For what asks at the root without reading the page's `<link rel="icon">`."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        return static("favicon.svg")


class RobotsView(TemplateView):
    template_name = "pages/robots.txt"
    content_type = "text/plain; charset=utf-8"


class SecurityView(TemplateView):
    """Where to report a vulnerability (RFC 9116), good for another half year."""

    template_name = "pages/security.txt"
    content_type = "text/plain; charset=utf-8"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        expires = timezone.now() + timedelta(days=182)
        return super().get_context_data(
            contact=settings.SECURITY_CONTACT,
            expires=expires.strftime("%Y-%m-%dT00:00:00Z"),
            **kwargs,
        )


class ErrorView(TemplateView):
    """The page for an error that stopped a request, whatever its method was."""

    status: HTTPStatus

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response({}, status=self.status)


class BadRequestView(ErrorView):
    status = HTTPStatus.BAD_REQUEST
    template_name = "400.html"


class ForbiddenView(ErrorView):
    status = HTTPStatus.FORBIDDEN
    template_name = "403.html"


class NotFoundView(ErrorView):
    status = HTTPStatus.NOT_FOUND
    template_name = "404.html"


class ServerErrorView(ErrorView):
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    template_name = "500.html"
