from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView, TemplateView


class HomeView(TemplateView):
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


class ErrorView(TemplateView):
    """An error page, for any HTTP method: config/urls.py names a view for each status."""

    template_name = "error.html"
    status: HTTPStatus
    title: Any
    text: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        context = {"status": self.status, "title": self.title, "text": self.text}
        return self.render_to_response(context, status=self.status)


class BadRequestView(ErrorView):
    status = HTTPStatus.BAD_REQUEST
    title = _("Bad request")
    text = _("The site does not understand this request. Go back and try again.")


class ForbiddenView(ErrorView):
    status = HTTPStatus.FORBIDDEN
    title = _("Access denied")
    text = _("Your account does not have the permission for this page.")


class CSRFFailureView(ErrorView):
    status = HTTPStatus.FORBIDDEN
    title = _("This form has expired")
    text = _(
        "Nothing was changed. Go back, reload the page and send the form again. If that "
        "does not help, allow cookies for this site."
    )


class NotFoundView(ErrorView):
    status = HTTPStatus.NOT_FOUND
    title = _("Page not found")
    text = _(
        "There is no page at this address. It may have moved, or have a typo in it."
    )


class ServerErrorView(ErrorView):
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = _("Something went wrong")
    text = _("The error has been recorded. Please try again in a moment.")


csrf_failure = CSRFFailureView.as_view()  # CSRF_FAILURE_VIEW
