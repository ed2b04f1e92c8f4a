from typing import Any

from django import forms
from django.contrib.auth import forms as auth_forms

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
    pass


class SetPasswordForm(FocusMixin, auth_forms.SetPasswordForm):
    pass


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "email"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }
