"""Forms of sign-in, sign-up and the second factor."""

import json
from typing import Any

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from plinth.database.fields import normalize_email
from plinth.forms import AutofocusMixin
from plinth.http import throttle

from .adapters import raise_if_throttled


class SignInForm(AutofocusMixin, account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Email address")

    def add_prefix(self, field_name: str) -> str:
        """The name on Django's own page: tests and load tests know one."""
        return super().add_prefix("username" if field_name == "login" else field_name)

    def clean_login(self) -> str:
        return normalize_email(super().clean_login())


class SameTimeMixin(account_forms.BaseSignupForm):
    """Sign-up takes as long for an address that has an account: its time tells nothing."""

    password_field = "password1"  # noqa: S105 (a name)

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            make_password(self.cleaned_data[self.password_field])
        return super().try_save(request)


class SignUpForm(SameTimeMixin, AutofocusMixin, account_forms.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Email address")


class ChangePasswordForm(account_forms.ChangePasswordForm):
    def clean_oldpassword(self) -> str:
        account = self.user.get_username()
        raise_if_throttled(context.request, "password-change", account)
        password: str = super().clean_oldpassword()
        throttle.give_back("password-change", account)
        return password


class ThrottledCodeMixin(forms.Form):
    user: Any

    def clean_code(self) -> str:
        account = self.user.get_username()
        raise_if_throttled(context.request, "code", account)
        code: str = super().clean_code()  # type: ignore[misc]
        throttle.give_back("code", account)
        return code


class AuthenticateForm(ThrottledCodeMixin, mfa_forms.AuthenticateForm):
    pass


class ReauthenticateForm(ThrottledCodeMixin, mfa_forms.ReauthenticateForm):
    pass


class StrictDecoder(json.JSONDecoder):
    """Raises JSONDecodeError also for JSON nested too deeply, or a number of too many digits."""

    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from None


class CredentialMixin(forms.Form):
    credential = forms.JSONField(widget=forms.HiddenInput, decoder=StrictDecoder)


class AddPasskeyForm(CredentialMixin, webauthn_forms.AddWebAuthnForm):
    pass


class AuthenticatePasskeyForm(CredentialMixin, webauthn_forms.AuthenticateWebAuthnForm):
    pass


class LoginPasskeyForm(CredentialMixin, webauthn_forms.LoginWebAuthnForm):
    pass


class ReauthenticatePasskeyForm(
    CredentialMixin, webauthn_forms.ReauthenticateWebAuthnForm
):
    pass


class DeletionForm(forms.Form):
    """The button of a page."""
