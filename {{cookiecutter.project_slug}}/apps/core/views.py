from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.generic import RedirectView, TemplateView, View
from django.views.static import serve

from . import health


class HomeView(TemplateView):
    template_name = "core/home.html"


class FaviconView(RedirectView):
    """For what asks at the root without reading the page's `<link rel="icon">`."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        return static("favicon.svg")


class RobotsView(TemplateView):
    template_name = "core/robots.txt"
    content_type = "text/plain; charset=utf-8"


class SecurityView(TemplateView):
    """Where to report a vulnerability (RFC 9116), good for another half year."""

    template_name = "core/security.txt"
    content_type = "text/plain; charset=utf-8"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        expires = timezone.now() + timedelta(days=182)
        return super().get_context_data(
            contact=settings.SECURITY_CONTACT,
            expires=expires.strftime("%Y-%m-%dT00:00:00Z"),
            **kwargs,
        )


class MediaView(View):
    """Uploaded files from this disk: in local only, a bucket or nginx serves them else."""

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        if not settings.DEBUG:
            raise Http404
        return serve(request, path, document_root=str(settings.MEDIA_ROOT))


class LiveView(View):
    """The process answers. A failure means: restart it."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return uncached_json({"status": "ok"})


class ReadyView(View):
    """The process can serve. 503 means: send it no visitors.

    Only the database is worth that. All servers share their cache, storage and broker:
    if one of those stops, all pages work but for what needs it, and taking every server
    out at once would help nobody. The answer then is 200 and `degraded`.
    """

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        answers = health.probe_all()
        parts = {part: "ok" if ok else "failing" for part, ok in answers.items()}
        if not answers["database"]:
            return uncached_json(
                {"status": "failing", "parts": parts}, HTTPStatus.SERVICE_UNAVAILABLE
            )
        status = "ok" if all(answers.values()) else "degraded"
        return uncached_json({"status": status, "parts": parts})


def uncached_json(
    data: dict[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    response = JsonResponse(data, status=status)
    add_never_cache_headers(response)
    return response


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
