from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save
from django.http import HttpRequest


class SignUpConfig(AppConfig):
    name = "plinth.sign_up"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login
        from allauth.mfa.signals import authenticator_added
        from django.contrib import admin
        from django.contrib.auth import get_user_model

        from . import checks  # noqa: F401 (checks are registered)
        from .admin import replace_admins

        # The admin is behind the site's own sign-in, with its second factor.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
        replace_admins(admin.site)
        post_save.connect(follow_user, get_user_model())
        authenticator_added.connect(record_second_factor)


def follow_user(
    instance: Any, update_fields: frozenset[str] | None = None, **kwargs: Any
) -> None:
    """Keep the primary address the user's own, which the admin may change."""
    from allauth.account.models import EmailAddress

    if update_fields is not None and "email" not in update_fields:
        return
    own = EmailAddress.objects.filter(user=instance)
    changed = own.filter(primary=True).exclude(email=instance.email)
    verified = EmailAddress.objects.filter(email=instance.email, verified=True)
    if not changed.exists() or verified.exclude(user=instance).exists():
        return
    # The user may have added it, and verified it or not.
    added = own.filter(email=instance.email)
    if verified.exists():
        changed.delete()
        added.update(primary=True)
    else:
        added.delete()
        changed.update(email=instance.email)


def record_second_factor(
    request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any
) -> None:
    """Count a new second factor as used by the session that has added it."""
    from allauth.account.internal.flows.login import record_authentication

    if authenticator.type != authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, method="mfa", type=authenticator.type)
