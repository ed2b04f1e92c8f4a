"""allauth's models in the admin: second factors without their secrets, sessions by user."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin as BaseEmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin as BaseAuthenticatorAdmin
from allauth.mfa.models import Authenticator
from allauth.usersessions.admin import UserSessionAdmin as BaseUserSessionAdmin
from allauth.usersessions.models import UserSession
from django.contrib.admin import AdminSite


class EmailAddressAdmin(BaseEmailAddressAdmin):
    """May be verified and removed; a user's own page changes the address that signs in."""

    readonly_fields = ["user", "email", "primary"]

    def has_add_permission(self, *args: Any) -> bool:
        return False


class AuthenticatorAdmin(BaseAuthenticatorAdmin):
    """May be removed; its secret is not shown."""

    exclude = ["data"]

    def has_add_permission(self, *args: Any) -> bool:
        return False

    def has_change_permission(self, *args: Any) -> bool:
        return False


class UserSessionAdmin(BaseUserSessionAdmin):
    # Users have no name of their own to sign in with.
    search_fields = ["user__email", "ip"]


def replace_admins(site: AdminSite) -> None:
    for model, model_admin in (
        (EmailAddress, EmailAddressAdmin),
        (Authenticator, AuthenticatorAdmin),
        (UserSession, UserSessionAdmin),
    ):
        if site.is_registered(model):
            site.unregister(model)
            site.register(model, model_admin)
