"""What changes an account, beyond one form."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from .models import User


def warn_old_address(user: User, old: str) -> None:
    """Tell the address that an account had of the one that it has now."""
    context = {"user": user, "SITE_NAME": settings.SITE_NAME}
    send_mail(
        subject=f"Your address at {settings.SITE_NAME} was changed",
        message=render_to_string("accounts/address_changed_email.txt", context),
        from_email=None,
        recipient_list=[old],
    )
