"""Personal data and the deletion of the account."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from plinth.accounts.models import AbstractEmailUser

from . import services
from .forms import DeletionForm
from .models import Deletion


@method_decorator(
    [never_cache, reauthentication_required(app="allauth.account")], "dispatch"
)
class PersonalDataView(LoginRequiredMixin, View):
    """The personal data as a file."""

    def get(self, request: HttpRequest) -> HttpResponse:
        assert isinstance(request.user, AbstractEmailUser)  # LoginRequiredMixin
        response = JsonResponse(
            services.personal_data(request.user), json_dumps_params={"indent": 2}
        )
        response.headers["Content-Disposition"] = (
            'attachment; filename="personal-data.json"'
        )
        return response


@method_decorator(never_cache, "dispatch")
@method_decorator(
    reauthentication_required(app="allauth.account", allow_get=True), "dispatch"
)
class DeletionView(LoginRequiredMixin, FormView):
    """Request the deletion of the account, or cancel it; the file with its data."""

    template_name = "sign_up/deletion.html"
    form_class = DeletionForm
    success_url = reverse_lazy("account_deletion")
    extra_context = {"title": gettext_lazy("Your data")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        deletion = Deletion.objects.filter(user_id=self.request.user.pk or 0).first()
        return super().get_context_data(
            deletion=deletion, days=settings.ACCOUNT_DELETION_DAYS, **kwargs
        )

    def form_valid(self, form: DeletionForm) -> HttpResponse:
        assert isinstance(self.request.user, AbstractEmailUser)  # LoginRequiredMixin
        if "cancel" in self.request.POST:
            services.cancel_deletion(self.request.user)
            messages.success(self.request, _("Your account stays."))
        else:
            link = self.request.build_absolute_uri(reverse("account_deletion"))
            services.request_deletion(self.request.user, link)
        return HttpResponseRedirect(self.get_success_url())
