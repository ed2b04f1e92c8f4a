from typing import Any

from django import forms
from django.contrib.auth import forms as auth_forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from . import services
from .models import User


class FocusMixin(forms.BaseForm):
    """Put the cursor into the first field, on a page that is there for its form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        next(iter(self.fields.values())).widget.attrs["autofocus"] = True


class SignInForm(auth_forms.AuthenticationForm):
    # A telephone then offers the keyboard with the @.
    username = forms.EmailField(
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )


class PasswordResetForm(FocusMixin, auth_forms.PasswordResetForm):
    def save(self, *, request: HttpRequest, **options: Any) -> None:  # type: ignore[override]
        """Send the link as this project sends mail, whatever Django's view asks for."""
        origin = f"{request.scheme}://{request.get_host()}"
        services.request_password_reset(self.cleaned_data["email"], origin)


class SetPasswordForm(FocusMixin, auth_forms.SetPasswordForm):
    pass


class ProfileForm(forms.ModelForm):
    """A new address opens the account, so it takes the password, not just a session."""

    current_password = forms.CharField(
        label=_("Current password"),
        required=False,
        strip=False,
        help_text=_("Only needed to change the email address."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    class Meta:
        model = User
        fields = ["name", "email"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if "email" in self.changed_data and not self.instance.check_password(
            self.cleaned_data.get("current_password", "")
        ):
            self.add_error("current_password", _("This is not your password."))
        return cleaned
