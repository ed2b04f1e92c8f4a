"""Mails of accounts. plinth.mail is imported on use: a project may have removed it."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import get_language, override

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
    arguments = {"email": email, "origin": origin, "language": get_language() or ""}
    if not enqueue(task, **arguments):
        send_password_reset(**arguments)


def send_password_reset(email: str, origin: str, language: str = "") -> None:
    """Send the link; an account without a password gets its first one by it.

    One whose password is disabled (set_unusable_password) gets no mail. The language is that
    of the page, which a worker has not active; "" is the site's.
    """
    from plinth.mail import services as mail

    for user in get_user_model().objects.filter(email=email, is_active=True):
        if not user.has_usable_password():
            continue
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        token = default_token_generator.make_token(user)
        with override(language or settings.LANGUAGE_CODE):
            path = reverse("accounts:password-reset-confirm", args=[uid, token])
            context = {"user": user, "link": f"{origin}{path}"}
            mail.send("accounts/mail/password_reset", user.email, context)
