"""Forms of the pages of accounts; each saves only the columns that it changes."""

from typing import Any

from django import forms
from django.apps import apps
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from plinth.forms import AutofocusMixin, ChangedFieldsMixin

from . import services
from .models import AbstractEmailUser


class SavePasswordMixin(auth_forms.SetPasswordMixin):
    """Save the password alone: an account deactivated meanwhile stays so."""

    def set_password_and_save(
        self,
        user: AbstractEmailUser,
        password_field_name: str = "password1",  # noqa: S107 (Django's signature)
        commit: bool = True,
    ) -> AbstractEmailUser:
        super().set_password_and_save(
            user, password_field_name=password_field_name, commit=False
        )
        if commit:
            user.save(update_fields=["password", "password_changed"])
        return user


class SetPasswordForm(SavePasswordMixin, AutofocusMixin, auth_forms.SetPasswordForm):
    pass


class PasswordChangeForm(SavePasswordMixin, auth_forms.PasswordChangeForm):
    pass


class AdminPasswordChangeForm(SavePasswordMixin, auth_forms.AdminPasswordChangeForm):
    pass


class SignInForm(auth_forms.AuthenticationForm):
    # An email keyboard on phones.
    username = forms.EmailField(
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )


class PasswordResetForm(AutofocusMixin, auth_forms.PasswordResetForm):
    def save(self, *, request: HttpRequest, **options: Any) -> None:  # type: ignore[override]
        origin = f"{request.scheme}://{request.get_host()}"
        services.request_password_reset(self.cleaned_data["email"], origin)


class ProfileForm(ChangedFieldsMixin, forms.ModelForm):
    """A new address opens the account: it needs the password, not just a session."""

    current_password = forms.CharField(
        label=_("Current password"),
        required=False,
        strip=False,
        help_text=_("Only needed to change the email address."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    class Meta:
        model = get_user_model()
        fields = [
            name
            for name in ("name", "email", "time_zone")
            if hasattr(get_user_model(), name)
        ]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if apps.is_installed("plinth.sign_up"):
            # A new address is verified first, on a page of its own.
            self.fields.pop("email", None)
            self.fields.pop("current_password", None)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if "email" in self.changed_data and not self.instance.check_password(
            self.cleaned_data.get("current_password", "")
        ):
            self.add_error("current_password", _("This is not your password."))
        return cleaned

    def validate_unique(self) -> None:
        # Without the password, a form would tell which addresses have an account.
        if "current_password" not in self.errors:
            super().validate_unique()
