from datetime import timedelta
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.views.generic import RedirectView, TemplateView

from plinth.cache.pages import AnonymousPageMixin


class HomeView(AnonymousPageMixin, TemplateView):
    template_name = "pages/home.html"


class FaviconView(RedirectView):
    """For clients that ignore `<link rel="icon">`."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        return static("favicon.svg")


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
