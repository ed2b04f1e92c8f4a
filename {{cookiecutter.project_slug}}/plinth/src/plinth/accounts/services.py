"""Mails of accounts. plinth.mail is imported on use: a project may have removed it."""

from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from plinth.tasks.queue import enqueue

from .models import AbstractEmailUser


def notify_old_address(user: AbstractEmailUser, old: str) -> None:
    """Tell an account's previous address that it was changed."""
    from plinth.mail import services as mail

    mail.send("accounts/mail/address_changed", old, {"user": user})


def request_password_reset(email: str, origin: str) -> None:
    """Send a reset link to an account's address; origin is like https://example.com.

    A worker looks up the account, so that the response time does not tell whether there
    is one. Without a broker it is looked up here, and may tell.
    """
    task = "plinth.accounts.tasks.send_password_reset"
    if not enqueue(task, email=email, origin=origin):
        send_password_reset(email, origin)


def send_password_reset(email: str, origin: str) -> None:
    """Send the link; an account without a password gets its first one by it.

    One whose password is disabled (set_unusable_password) gets no mail.
    """
    from plinth.mail import services as mail

    for user in get_user_model().objects.filter(email=email, is_active=True):
        if not user.has_usable_password():
            continue
        path = reverse(
            "accounts:password-reset-confirm",
            kwargs={
                "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
                "token": default_token_generator.make_token(user),
            },
        )
        context = {"user": user, "link": f"{origin}{path}"}
        mail.send("accounts/mail/password_reset", user.email, context)
