"""Forms that change a password and no other column of the user."""

from django.contrib.auth import forms

from plinth.forms import AutofocusMixin

from .models import AbstractEmailUser


class SavePasswordMixin(forms.SetPasswordMixin):
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


class SetPasswordForm(SavePasswordMixin, AutofocusMixin, forms.SetPasswordForm):
    pass


class PasswordChangeForm(SavePasswordMixin, forms.PasswordChangeForm):
    pass


class AdminPasswordChangeForm(SavePasswordMixin, forms.AdminPasswordChangeForm):
    pass
