"""Django's own views, under this project's names, saying when something worked."""

from django.contrib.auth import views
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages.views import SuccessMessageMixin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import UpdateView

from . import services
from .forms import PasswordResetForm, ProfileForm, SetPasswordForm, SignInForm
from .models import User


class SignInView(views.LoginView):
    template_name = "accounts/sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True


class SignOutView(views.LogoutView):
    pass


@method_decorator(never_cache, "dispatch")
class ProfileView(LoginRequiredMixin, SuccessMessageMixin, UpdateView):
    template_name = "accounts/profile.html"
    form_class = ProfileForm
    success_url = reverse_lazy("accounts:profile")
    success_message = _("Your profile is saved.")

    def get_object(self, queryset: QuerySet[User] | None = None) -> User:
        assert isinstance(self.request.user, User)  # LoginRequiredMixin
        return self.request.user

    def form_valid(self, form: ModelForm) -> HttpResponse:
        response = super().form_valid(form)
        if "email" in form.changed_data:
            services.warn_old_address(form.instance, old=form.initial["email"])
        return response


@method_decorator(never_cache, "dispatch")
class PasswordChangeView(SuccessMessageMixin, views.PasswordChangeView):
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("accounts:profile")
    success_message = _("Your password is changed.")


class PasswordResetView(views.PasswordResetView):
    template_name = "accounts/password_reset.html"
    form_class = PasswordResetForm
    success_url = reverse_lazy("accounts:password-reset-sent")


class PasswordResetSentView(views.PasswordResetDoneView):
    """The same page whether or not the address has an account.

    The form before it takes the same time too, where a worker looks that up.
    """

    template_name = "accounts/password_reset_sent.html"


class PasswordResetConfirmView(SuccessMessageMixin, views.PasswordResetConfirmView):
    template_name = "accounts/password_reset_confirm.html"
    form_class = SetPasswordForm
    success_url = reverse_lazy("accounts:sign-in")
    success_message = _("Your new password is set. You can sign in with it.")
