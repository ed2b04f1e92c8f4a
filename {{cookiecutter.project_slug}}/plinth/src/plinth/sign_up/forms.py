"""Forms of sign-in, sign-up and the second factor."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account import forms as account_forms
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q
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


class SignUpMixin(account_forms.BaseSignupForm):
    """Whether an address has an account is told by nobody but its owner's mail."""

    password_field = "password1"  # noqa: S105 (a name)
    account_already_exists: bool

    def validate_unique_email(self, value: str) -> str:
        """An address that another user has added, and not verified, is nobody's."""
        email: str = super().validate_unique_email(value)
        if self.account_already_exists:
            added = Q(verified=False, primary=False)
            self.account_already_exists = (
                get_user_model().objects.filter(email=email).exists()
                or EmailAddress.objects.filter(email=email).exclude(added).exists()
            )
        return email

    def save(self, request: HttpRequest) -> Any:
        """Add the address also if another user has added it; without one, it is trusted."""
        user = super().save(request)
        address, _ = EmailAddress.objects.get_or_create(
            user=user, email=user.email, defaults={"primary": True}
        )
        EmailAddress.objects.fill_cache_for_user(user, [address])
        return user

    def try_save(self, request: HttpRequest) -> Any:
        if not self.account_already_exists:
            try:
                with transaction.atomic():
                    return super().try_save(request)
            except IntegrityError:
                # A form that was sent twice at once.
                self.account_already_exists = True
        # As long as for an address without an account.
        make_password(self.cleaned_data[self.password_field])
        return super().try_save(request)


class SignUpForm(SignUpMixin, AutofocusMixin, account_forms.SignupForm):
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


@contextmanager
def malformed_refused() -> Iterator[None]:
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError):
        raise get_adapter().validation_error("incorrect_code") from None


class CredentialMixin(forms.Form):
    credential = forms.JSONField(widget=forms.HiddenInput, decoder=StrictDecoder)

    # allauth expects all parts of a credential, and of their types.

    def clean_credential(self) -> Any:
        parent: Any = super()
        with malformed_refused():
            if hasattr(parent, "clean_credential"):
                return parent.clean_credential()
        return self.cleaned_data["credential"]

    def clean(self) -> Any:
        with malformed_refused():
            return super().clean()


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
