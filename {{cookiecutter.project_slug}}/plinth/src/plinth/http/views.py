"""Mixins for views."""

from django.forms import BaseForm
from django.http import HttpResponse


class BadRequestMixin:
    """Answer an invalid form with 400, for clients that read the status only."""

    def form_invalid(self, form: BaseForm, status: int = 400) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = status
        return response
