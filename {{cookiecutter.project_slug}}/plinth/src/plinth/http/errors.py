"""Error pages, for config/urls.py and CSRF_FAILURE_VIEW; templates/error.html is the look.

Their context has `status`, `title` and `text`. They serve any method and make no query.
Where the template fails itself, for example without collected static files, the page is bare.
"""

import logging
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.defaults import ERROR_PAGE_TEMPLATE
from django.views.generic import TemplateView

logger = logging.getLogger(__name__)


class ErrorResponse(TemplateResponse):
    @property
    def rendered_content(self) -> str:
        try:
            return super().rendered_content
        except (
            Exception
        ):  # the next page would be the same one, for the error in this one
            logger.exception("the error page cannot be rendered")
            context = self.context_data or {}
            facts = {"title": context["title"], "details": context["text"]}
            return ERROR_PAGE_TEMPLATE % facts


class ErrorView(TemplateView):
    template_name = "error.html"
    response_class = ErrorResponse
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


class TooLargeView(ErrorView):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = _("Too large")
    text = _("Sign in before you send a file, or send a smaller one.")


class TooManyRequestsView(ErrorView):
    """`wait` is in seconds, and the Retry-After header."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = _("Too many attempts")
    text = _("Wait a few minutes, then try again.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Retry-After"] = str(kwargs.get("wait", 60))
        return response


class ServerErrorView(ErrorView):
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = _("Something went wrong")
    text = _("The error has been recorded. Please try again in a moment.")


bad_request = BadRequestView.as_view()
forbidden = ForbiddenView.as_view()
csrf_failure = CSRFFailureView.as_view()
too_large = TooLargeView.as_view()
too_many_requests = TooManyRequestsView.as_view()
not_found = NotFoundView.as_view()
server_error = ServerErrorView.as_view()
