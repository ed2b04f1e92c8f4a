"""allauth's hooks for social providers; imported where one is set."""

import logging
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from plinth.accounts.models import AbstractEmailUser

logger = logging.getLogger(__name__)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Log what the provider has answered; a sign-in that the user cancels is none."""
        if exception:
            logger.warning(
                "sign-in with %s failed: %r", provider.name or provider.id, exception
            )

    def populate_user(
        self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]
    ) -> AbstractEmailUser:
        user: AbstractEmailUser = super().populate_user(request, sociallogin, data)
        names = [data.get("first_name"), data.get("last_name")]
        name = data.get("name") or " ".join(filter(None, names))
        # A provider's names may be longer, and PostgreSQL's text holds no NUL.
        user.name = name.replace("\0", "")[: user._meta.get_field("name").max_length]  # noqa: SLF001
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Free an address of its owner that another user has added, and not verified."""
        own = [each.email for each in sociallogin.email_addresses if each.verified]
        added = EmailAddress.objects.filter(email__in=own, verified=False)
        added.filter(primary=False).exclude(user=sociallogin.user.pk).delete()
