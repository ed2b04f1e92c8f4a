"""The upload page of an import, and the page that shows its progress and report."""

from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.views.generic import DetailView, FormView

from plinth.http.uploads import LargeBodyMixin
from plinth.http.views import BadRequestMixin

from .forms import ImportForm
from .models import AbstractImport, ImportNotStartedError


class ImportView(PermissionRequiredMixin, LargeBodyMixin, BadRequestMixin, FormView):
    """Start an import, and redirect to its progress (`model.get_absolute_url`)."""

    model: type[AbstractImport]
    form_class = ImportForm

    def form_valid(self, form: ImportForm) -> HttpResponse:
        assert self.request.user.pk is not None  # PermissionRequiredMixin
        try:
            started = self.model.start(self.request.user.pk, **form.cleaned_data)
        except ImportNotStartedError:
            message = _(
                "The file can't be imported just now. Try again in some minutes."
            )
            form.add_error(None, message)
            return self.form_invalid(form, status=503)
        return HttpResponseRedirect(started.get_absolute_url())


class ImportProgressView(PermissionRequiredMixin, DetailView):
    """The progress of an import, reloaded every two seconds, and then its report."""

    def render_to_response(
        self, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        response["Cache-Control"] = "private, no-store"
        if not self.object.finished:
            # Seconds. Browsers reload by this header, without a script.
            response["Refresh"] = "2"
        return response
