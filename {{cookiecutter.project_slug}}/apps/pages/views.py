from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.generic import RedirectView, TemplateView, View

from plinth.cache.pages import AnonymousPageMixin


class HomeView(AnonymousPageMixin, TemplateView):
    template_name = "pages/home.html"


class FaviconView(RedirectView):
    """For clients that ignore `<link rel="icon">`."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        return static("favicon.svg")


class ManifestView(View):
    """The name and icon of the site on a phone's home screen."""

    def get(self, request: HttpRequest) -> JsonResponse:
        icon = {"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
        start = reverse("pages:home")
        manifest = {"name": settings.SITE_NAME, "start_url": start, "icons": [icon]}
        return JsonResponse(manifest, content_type="application/manifest+json")


class RobotsView(TemplateView):
    template_name = "pages/robots.txt"
    content_type = "text/plain; charset=utf-8"


class SecurityView(TemplateView):
    """The contact for vulnerability reports (RFC 9116), valid for half a year."""

    template_name = "pages/security.txt"
    content_type = "text/plain; charset=utf-8"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        expires = timezone.now() + timedelta(days=182)
        return super().get_context_data(
            contact=settings.SECURITY_CONTACT,
            expires=expires.strftime("%Y-%m-%dT00:00:00Z"),
            **kwargs,
        )
