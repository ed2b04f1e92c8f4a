"""Personal data and the deletion of accounts."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils import timezone
from django.utils.module_loading import import_string

from plinth.accounts.models import AbstractEmailUser
from plinth.mail import services as mail

from .models import Deletion

logger = logging.getLogger(__name__)


def personal_data(user: AbstractEmailUser) -> dict[str, Any]:
    """Return what the site stores about a user, for JSON.

    An AppConfig registers its own: `personal_data` is the dotted path of a function of
    the user. Secrets (passwords, keys, codes) are left out.
    """
    data: dict[str, Any] = {
        "account": {
            # Of a file its name.
            field.name: getattr(value, "name", value)
            for field in user._meta.concrete_fields  # noqa: SLF001
            if field.name != "password"
            for value in [field.value_from_object(user)]
        },
        "groups": list(user.groups.values_list("name", flat=True)),
        "deletion": rows(Deletion, user, "due"),
        "email_addresses": rows(EmailAddress, user, "email", "verified", "primary"),
        "second_factors": rows(
            Authenticator, user, "type", "created_at", "last_used_at"
        ),
        "sessions": rows(
            UserSession, user, "ip", "user_agent", "created_at", "last_seen_at"
        ),
    }
    if apps.is_installed("allauth.socialaccount"):
        from allauth.socialaccount.models import SocialAccount

        data["social_accounts"] = rows(
            SocialAccount, user, "provider", "uid", "date_joined", "extra_data"
        )
    for app in apps.get_app_configs():
        if path := getattr(app, "personal_data", ""):
            function: Callable[[AbstractEmailUser], Any] = import_string(path)
            data[app.label] = function(user)
    return data


def rows(model: Any, user: Any, *fields: str) -> list[dict[str, Any]]:
    return list(model.objects.filter(user=user).order_by("pk").values(*fields))


def clear_sessions() -> None:
    """Delete the client IPs and browsers of sessions that have ended.

    Those of the last SESSION_COOKIE_AGE are not looked at: most go on.
    """
    age = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    old = UserSession.objects.filter(last_seen_at__lt=timezone.now() - age)
    ended = [session.pk for session in old.iterator() if not session.exists()]
    UserSession.objects.filter(pk__in=ended).delete()


@transaction.atomic
def request_deletion(user: AbstractEmailUser, link: str) -> None:
    """Delete an account in ACCOUNT_DELETION_DAYS, and tell its owner by mail.

    `link` is the absolute URL of the page that cancels it.
    """
    due = timezone.now() + timedelta(days=settings.ACCOUNT_DELETION_DAYS)
    deletion, is_new = Deletion.objects.get_or_create(
        user_id=user.pk, defaults={"due": due}
    )
    if is_new:
        context = {"user": user, "due": deletion.due, "link": link}
        mail.send("accounts/mail/deletion", user.email, context)


def cancel_deletion(user: AbstractEmailUser) -> None:
    Deletion.objects.filter(user_id=user.pk).delete()


def delete_due() -> int:
    """Delete the accounts whose requested deletion is due; return their number.

    An account that rows of other models protect stays, and is logged: delete or reassign
    those rows, or change their on_delete.
    """
    count = 0
    due = Deletion.objects.filter(due__lte=timezone.now()).select_related("user")
    for deletion in due:
        try:
            with transaction.atomic():
                # Deleted first, and so locked: the owner may have cancelled meanwhile.
                if Deletion.objects.filter(pk=deletion.pk).delete()[0]:
                    for session in UserSession.objects.filter(user=deletion.user):
                        session.end()  # has the address
                    deletion.user.delete()
                    count += 1
        except (ProtectedError, RestrictedError):
            logger.exception(
                "The account of user %s is due to be deleted", deletion.user_id
            )
    return count
