"""What changes an account, beyond one form."""

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from plinth.mail import services as mail
from plinth.tasks.queue import enqueue

from .models import User


def warn_old_address(user: User, old: str) -> None:
    """Tell the address that an account had of the one that it has now."""
    mail.send("accounts/mail/address_changed", old, {"user": user})


def request_password_reset(email: str, origin: str) -> None:
    """Have a link sent to whoever has this address; origin is like https://example.com.

    A worker looks whether there is an account, so that the time which the page takes tells
    nobody. Without a broker it is looked up and sent here, and the time may tell.
    """
    task = "apps.accounts.tasks.send_password_reset"
    if not enqueue(task, email=email, origin=origin):
        send_password_reset(email, origin)


def send_password_reset(email: str, origin: str) -> None:
    """Send the link, also to who has no password yet: an account that somebody made."""
    for user in User.objects.filter(email=email, is_active=True):
        path = reverse(
            "accounts:password-reset-confirm",
            kwargs={
                "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
                "token": default_token_generator.make_token(user),
            },
        )
        context = {"user": user, "link": f"{origin}{path}"}
        mail.send("accounts/mail/password_reset", user.email, context)
