"""Second factor of staff, headers of allauth's pages, social providers."""

from urllib.parse import urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

# Of those who have a second factor: another page might remove it.
CONFIRMATION = ("mfa_reauthenticate", "mfa_reauthenticate_webauthn", "account_logout")


class SignUpMiddleware(MiddlewareMixin):
    """Ask staff for a second factor, and send forms to social providers.

    With STAFF_MFA_REQUIRED, staff and superusers reach only the page that asks for their second
    factor until this session has used it, whatever way it was started; without one, allauth's
    pages of their account. Without a session cookie, and without that setting, the session is
    not read.
    """

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        if (
            not settings.STAFF_MFA_REQUIRED
            or settings.SESSION_COOKIE_NAME not in request.COOKIES
            or not (request.user.is_staff or request.user.is_superuser)
            # It has been checked, and the session is another user's or nobody's.
            or getattr(request, "api_token", None)
            or used_second_factor(request)
        ):
            return None
        kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
        has_one = is_mfa_enabled(request.user, kinds)
        if is_of_account(request, *CONFIRMATION if has_one else ()):
            return None
        if hasattr(request, "api_token"):  # of ApiMiddleware
            from plinth.api import problems, tokens

            return problems.respond(403, tokens.SECOND_FACTOR)
        page = "mfa_reauthenticate"
        if not has_one:
            messages.warning(request, _("Staff need a second factor: add one."))
            return HttpResponseRedirect(reverse("mfa_index"))
        if not is_mfa_enabled(request.user, kinds[:1]):
            page = "mfa_reauthenticate_webauthn"
        query = {"next": request.get_full_path()} if request.method == "GET" else {}
        return HttpResponseRedirect(reverse(page, query=query))

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Show the page of a failed sign-in if the provider does not answer.

        allauth does so for the provider's tokens, but not for the discovery document of
        OpenID Connect, which may lack an address, too.
        """
        match = request.resolver_match
        if not match or not match.func.__module__.startswith("allauth.socialaccount."):
            return None
        # Only a site with social providers has loaded them.
        from allauth.socialaccount.adapter import get_adapter
        from allauth.socialaccount.helpers import render_authentication_error
        from requests import RequestException

        if not isinstance(exception, (RequestException, KeyError)):
            return None
        name = match.kwargs.get("provider_id") or str(match.url_name).rpartition("_")[0]
        provider = get_adapter().get_provider(request, name)
        page: HttpResponseBase = render_authentication_error(
            request, provider, exception=exception
        )
        return page

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Cache no page of allauth, and leave to a provider by a page.

        `form-action 'self'` stops a form that is redirected to another site.
        """
        match = request.resolver_match
        module = match.func.__module__ if match else ""
        if (
            request.method == "POST"
            and isinstance(response, HttpResponseRedirect)
            and module.startswith("allauth.socialaccount.")
            and urlsplit(response.url).netloc not in {"", request.get_host()}
        ):
            context = {"redirect_to": response.url}
            page = render(request, "socialaccount/login_redirect.html", context)
            page.cookies = response.cookies
            response = page
        if module.startswith("allauth."):
            # Addresses, keys and codes, and the state of a provider's sign-in.
            add_never_cache_headers(response)
        return response


def is_of_account(request: HttpRequest, *names: str) -> bool:
    """Whether the view is one of allauth's own, by its module: the admin has like names.

    With names, one of those.
    """
    match = request.resolver_match
    if not match or (names and match.url_name not in names):
        return False
    return match.func.__module__.startswith(("allauth.account.", "allauth.mfa."))


def used_second_factor(request: HttpRequest) -> bool:
    return any(
        record.get("method") == "mfa"
        for record in get_authentication_records(request, request.user)
    )
