"""Documentation of the API, and what is not there."""

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView, View


class DocsView(TemplateView):
    """Swagger UI, whose files are static files of a package in INSTALLED_APPS."""

    template_name = "api/docs.html"
    # The folder of swagger-ui-bundle.js and swagger-ui.css.
    swagger = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            script=f"{self.swagger}/swagger-ui-bundle.js",
            style=f"{self.swagger}/swagger-ui.css",
            **kwargs,
        )


class NotFoundView(View):
    """The last URL: a path without its slash is not redirected, which loses a body."""

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        raise Http404
