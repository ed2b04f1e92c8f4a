"""allauth's hooks for social providers; imported where one is set."""

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from plinth.accounts.models import AbstractEmailUser


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def populate_user(
        self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]
    ) -> AbstractEmailUser:
        user: AbstractEmailUser = super().populate_user(request, sociallogin, data)
        names = [data.get("first_name"), data.get("last_name")]
        user.name = data.get("name") or " ".join(filter(None, names))
        return user
