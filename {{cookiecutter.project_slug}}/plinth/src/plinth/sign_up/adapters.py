"""allauth's hooks: mail by plinth.mail, throttling by plinth.http.throttle."""

from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from plinth.accounts.models import AbstractEmailUser
from plinth.database.fields import normalize_email
from plinth.http import errors, throttle
from plinth.mail import services as mail

from .templatetags.sign_up import sentence_case

# The page shows who is signed in; a message would make the next one private.
SILENT = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


def raise_if_throttled(request: HttpRequest, action: str, account: str) -> None:
    """Count an attempt; raise the response with status 429 that AccountMiddleware returns."""
    if wait := throttle.consume(request, action, account):
        page = errors.too_many_requests(request, wait=wait)
        response = answer(request, page, page.status_code)
        response.headers["Retry-After"] = str(wait)
        raise ImmediateHttpResponse(response)


def answer(request: HttpRequest, page: HttpResponse, status: int) -> HttpResponse:
    """Return a page, or its status as JSON to a client without pages."""
    if is_headless_request(request):
        return JsonResponse({"status": status}, status=status)
    return page


class AccountAdapter(DefaultAccountAdapter):
    def clean_email(self, email: str) -> str:
        return normalize_email(super().clean_email(email))

    def is_safe_url(self, url: str) -> bool:
        return url_has_allowed_host_and_scheme(
            url, {self.request.get_host()}, require_https=self.request.is_secure()
        )

    # Sign-in

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        raise_if_throttled(request, *attempt_of(request, credentials))

    def authenticate(
        self, request: HttpRequest, **credentials: Any
    ) -> AbstractEmailUser | None:
        user: AbstractEmailUser | None = super().authenticate(request, **credentials)
        if user:
            throttle.give_back(*attempt_of(request, credentials))
        return user

    def pre_login(
        self, request: HttpRequest, user: AbstractEmailUser, **options: Any
    ) -> HttpResponse | None:
        """Trust the address of a user whom staff, a command or code has created.

        Such a user has no EmailAddress; one who signs up has.
        """
        known = Q(user=user) | Q(email=user.email, verified=True)
        if not EmailAddress.objects.filter(known).exists():
            EmailAddress.objects.get_or_create(
                user=user,
                email=user.email,
                defaults={"verified": True, "primary": True},
            )
        response: HttpResponse | None = super().pre_login(request, user, **options)
        return response

    def login(self, request: HttpRequest, user: AbstractEmailUser) -> None:
        """Begin the session, unless the password has changed since the user sent it.

        Between the two, a user without the second factor at hand may wait for minutes.
        """
        records = get_authentication_records(request, user)
        sent = [it["at"] for it in records if it["method"] == "password"]
        if sent and max(sent) < user.password_changed.timestamp():
            page = HttpResponseRedirect(resolve_url(settings.LOGIN_URL))
            raise ImmediateHttpResponse(answer(request, page, HTTPStatus.UNAUTHORIZED))
        super().login(request, user)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Verify an address, and delete the account of a sign-up that never verified it."""
        address = email_address.email
        with transaction.atomic():
            if not super().confirm_email(request, email_address):
                return False
            never = EmailAddress.objects.filter(email=address, verified=False)
            (
                get_user_model()
                .objects.filter(
                    email=address, last_login=None, pk__in=never.values("user")
                )
                .exclude(pk=email_address.user_id)
                .exclude(emailaddress__verified=True)
                .delete()
            )
        return True

    def set_password(self, user: AbstractEmailUser, password: str) -> None:
        user.set_password(password)
        # The password alone: an account deactivated meanwhile stays so.
        user.save(update_fields=["password", "password_changed"])

    # Mail and messages

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        request = self.request
        context = {
            "SITE_NAME": settings.SITE_NAME,
            "email": email,
            "current_site": SimpleNamespace(
                name=settings.SITE_NAME, domain=request.get_host()
            ),
        } | context
        subject, text = (
            render_to_string(f"{template_prefix}_{part}.txt", context, request)
            for part in ("subject", "message")
        )
        context = {"subject": sentence_case(subject), "text": text.strip()}
        mail.send("sign_up/mail", email, context)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **options: Any,
    ) -> None:
        if message_template not in SILENT:
            super().add_message(request, level, message_template, *args, **options)


def attempt_of(request: HttpRequest, credentials: dict[str, Any]) -> tuple[str, str]:
    """Return the action that is throttled, and the account."""
    account = str(credentials.get("email") or credentials.get("username") or "")
    is_own = request.user.is_authenticated and account == request.user.get_username()
    return "confirm" if is_own else "sign-in", account


class MFAAdapter(DefaultMFAAdapter):
    def get_totp_issuer(self) -> str:
        return str(settings.SITE_NAME)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = super().get_public_key_credential_rp_entity()["id"]
        return {"id": host, "name": settings.SITE_NAME}
