"""Second factors in the admin: they may be removed, and their secrets are not shown."""

from typing import Any

from allauth.mfa.admin import AuthenticatorAdmin as BaseAuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django.contrib.admin import AdminSite


class AuthenticatorAdmin(BaseAuthenticatorAdmin):
    exclude = ["data"]

    def has_add_permission(self, *args: Any) -> bool:
        return False

    def has_change_permission(self, *args: Any) -> bool:
        return False


def replace_authenticators(site: AdminSite) -> None:
    if site.is_registered(Authenticator):
        site.unregister(Authenticator)
        site.register(Authenticator, AuthenticatorAdmin)
