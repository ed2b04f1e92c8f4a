"""Django's views for accounts, with templates and messages; the project's URLs name them.

To change one, subclass it in the project, and name the subclass in its urls.py.
"""

from typing import Any

from django.contrib.auth import views
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages.views import SuccessMessageMixin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, UpdateView

from plinth.http import errors, throttle

from . import forms, services
from .models import AbstractEmailUser


class ThrottleMixin(FormView):
    """Respond with 429 to a form that was sent too often: plinth.http.throttle."""

    throttle: str
    # Of the form, with the email address; else that of the user.
    account_field = ""

    @property
    def account(self) -> str:
        if self.account_field:
            return self.request.POST.get(self.account_field, "")
        return self.request.user.get_username()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if wait := throttle.consume(request, self.throttle, self.account):
            return errors.too_many_requests(request, wait=wait)
        return super().post(request, *args, **kwargs)


class SignInView(ThrottleMixin, views.LoginView):
    throttle = "sign-in"
    account_field = "username"
    template_name = "accounts/sign_in.html"
    extra_context = {"title": _("Sign in"), "submit": _("Sign in")}
    form_class = forms.SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: forms.SignInForm) -> HttpResponse:
        throttle.give_back(self.throttle, self.account)
        return super().form_valid(form)


class SignOutView(views.LogoutView):
    pass


@method_decorator(never_cache, "dispatch")
class ProfileView(LoginRequiredMixin, SuccessMessageMixin, UpdateView):
    template_name = "accounts/profile.html"
    extra_context = {"title": _("Your profile"), "submit": _("Save")}
    form_class = forms.ProfileForm
    success_url = reverse_lazy("accounts:profile")
    success_message = _("Your profile is saved.")

    def get_object(
        self, queryset: QuerySet[AbstractEmailUser] | None = None
    ) -> AbstractEmailUser:
        assert isinstance(self.request.user, AbstractEmailUser)  # LoginRequiredMixin
        return self.request.user

    def form_valid(self, form: ModelForm) -> HttpResponse:
        response = super().form_valid(form)
        if "email" in form.changed_data:
            services.notify_old_address(form.instance, old=form.initial["email"])
        return response


@method_decorator(never_cache, "dispatch")
class PasswordChangeView(ThrottleMixin, SuccessMessageMixin, views.PasswordChangeView):
    throttle = "password-change"
    template_name = "form_page.html"
    title = _("Change your password")
    extra_context = {"submit": _("Change password")}
    form_class = forms.PasswordChangeForm
    success_url = reverse_lazy("accounts:profile")
    success_message = _("Your password is changed.")

    def form_valid(self, form: forms.PasswordChangeForm) -> HttpResponse:
        throttle.give_back(self.throttle, self.account)
        return super().form_valid(form)


class PasswordResetView(ThrottleMixin, views.PasswordResetView):
    throttle = "password-reset"
    account_field = "email"
    template_name = "accounts/password_reset.html"
    title = _("Reset your password")
    extra_context = {"submit": _("Send the link")}
    form_class = forms.PasswordResetForm
    success_url = reverse_lazy("accounts:password-reset-sent")


class PasswordResetSentView(views.PasswordResetDoneView):
    """The same page whether or not there is an account with the address."""

    template_name = "accounts/password_reset_sent.html"
    title = _("Check your mail")


class PasswordResetConfirmView(SuccessMessageMixin, views.PasswordResetConfirmView):
    template_name = "accounts/password_reset_confirm.html"
    title = _("Choose a new password")
    extra_context = {"submit": _("Set password")}
    form_class = forms.SetPasswordForm
    success_url = reverse_lazy("accounts:sign-in")
    success_message = _("Your new password is set. You can sign in with it.")

    def form_valid(self, form: Any) -> HttpResponse:
        # Whoever has locked the account: the owner of its mailbox is there. Codes of the second
        # factor stay counted, or whoever has the mailbox could try all of them.
        throttle.release(form.user.get_username(), *throttle.PASSWORD_ACTIONS)
        return super().form_valid(form)
