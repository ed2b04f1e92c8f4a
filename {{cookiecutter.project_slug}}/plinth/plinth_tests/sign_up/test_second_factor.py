"""The second factor of staff: no way into the site goes round it."""

from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    SECRET_SESSION_KEY,
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertRedirects

from plinth.http import throttle
from plinth.sign_up.middleware import SignUpMiddleware
from plinth_tests.conftest import PASSWORD

User: Any = get_user_model()

SIGN_IN = "/accounts/sign-in/"
FACTORS = "/accounts/second-factor/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def required(settings: Settings) -> None:
    settings.STAFF_MFA_REQUIRED = True


@pytest.fixture
def staff(verified: Any) -> Any:
    verified.is_staff = verified.is_superuser = True
    verified.save()
    return verified


@pytest.fixture
def app(staff: Any) -> Authenticator:
    """An authenticator app, and recovery codes."""
    RecoveryCodes.activate(staff)
    return TOTP.activate(staff, generate_totp_secret()).instance


def code(staff: Any) -> str:
    recovery = Authenticator.objects.get(user=staff, type="recovery_codes")
    return str(recovery.wrap().get_unused_codes()[0])


def sign_in(client: Client, staff: Any) -> Any:
    form = {"username": staff.email, "password": PASSWORD}
    return client.post(f"{SIGN_IN}?next=/admin/", form, follow=True)


def test_admin_is_behind_the_sites_own_sign_in(client: Client, staff: Any) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(SIGN_IN)

    form = {"username": staff.email, "password": PASSWORD}
    assertRedirects(
        client.post("/admin/login/", form),
        f"{SIGN_IN}?next=/admin/login/",
        fetch_redirect_response=False,
    )
    assert "_auth_user_id" not in client.session


def test_staff_without_a_second_factor_see_their_account_alone(
    client: Client, staff: Any
) -> None:
    sign_in(client, staff)

    for path in (
        "/admin/",
        "/plain/",
        # Named as allauth's own pages are.
        reverse("admin:mfa_authenticator_changelist"),
        reverse("admin:account_emailaddress_changelist"),
        "/accounts/data/file/",
    ):
        assertRedirects(client.get(path), FACTORS)
    assert client.get("/accounts/password/").status_code == HTTPStatus.OK


def test_second_factor_opens_the_admin(
    client: Client, staff: Any, app: Authenticator
) -> None:
    response = sign_in(client, staff)
    assert response.redirect_chain[-1][0] == f"{FACTORS}authenticate/"
    assert "_auth_user_id" not in client.session

    response = client.post(
        f"{FACTORS}authenticate/", {"code": code(staff)}, follow=True
    )

    assert response.request["PATH_INFO"] == "/admin/"
    assert response.status_code == HTTPStatus.OK


@pytest.mark.parametrize("method", ["password", "code", "password_reset", None])
def test_session_without_the_second_factor_asks_for_it(
    client: Client, staff: Any, app: Authenticator, method: str | None, rf: Any
) -> None:
    """However it was started: by another view, by a reset, before the setting was on."""
    client.force_login(staff)
    if method:
        request = rf.get("/")
        request.session = client.session
        record_authentication(request, staff, method=method, reauthenticated=True)
        request.session.save()

    assertRedirects(
        client.get("/admin/"),
        f"{FACTORS}reauthenticate/?next=/admin/",
        fetch_redirect_response=False,
    )
    client.post(f"{FACTORS}reauthenticate/", {"code": code(staff)})
    assert client.get("/admin/").status_code == HTTPStatus.OK


def test_session_from_before_the_second_factor_does_not_remove_it(
    signed_in: Client, staff: Any, app: Authenticator
) -> None:
    """Nor change an address or the password, though it has just confirmed the latter."""
    for page in ("mfa_deactivate_totp", "mfa_index", "account_email"):
        response = signed_in.post(reverse(page))
        assertRedirects(
            response, f"{FACTORS}reauthenticate/", fetch_redirect_response=False
        )

    assert Authenticator.objects.filter(pk=app.pk).exists()
    signed_in.post(reverse("account_logout"))
    assert "_auth_user_id" not in signed_in.session


@pytest.mark.django_db(transaction=True)
def test_session_that_adds_the_second_factor_has_used_it(
    signed_in: Client, staff: Any
) -> None:
    activate = reverse("mfa_activate_totp")
    signed_in.get(activate)
    secret = signed_in.session[SECRET_SESSION_KEY]
    counter = next(yield_hotp_counters_from_time())

    form = {"code": format_hotp_value(hotp_value(secret, counter))}
    response = signed_in.post(activate, form, follow=True)

    assertRedirects(response, reverse("mfa_view_recovery_codes"))
    assert signed_in.get("/admin/").status_code == HTTPStatus.OK


def test_token_of_staff_is_accepted_beside_a_session(
    rf: RequestFactory, settings: Settings, staff: Any
) -> None:
    """ApiMiddleware has checked it; the session is not the one of the request."""
    request: Any = rf.get("/api/v1/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "key"
    request.user, request.api_token, request.session = staff, object(), {}

    middleware = SignUpMiddleware(lambda request: HttpResponse())
    assert middleware.process_view(request, None, None, None) is None


def test_page_that_leads_to_a_provider_is_not_cached(rf: RequestFactory) -> None:
    request: Any = rf.post("/accounts/github/login/")
    view = SimpleNamespace(__module__="allauth.socialaccount.providers.github.views")
    request.resolver_match = SimpleNamespace(func=view)

    def redirect(request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect("https://github.com/login?state=secret")

    response = SignUpMiddleware(redirect)(request)

    assertContains(response, "https://github.com/login?state=secret")
    assert "no-store" in response.headers["Cache-Control"]


def try_codes(client: Client) -> None:
    """As many wrong ones as an account may try."""
    limit, _ = throttle.LIMITS["code"]["account"]
    for _ in range(limit):
        response = client.post(f"{FACTORS}authenticate/", {"code": "000000"})
        assert response.status_code == HTTPStatus.OK


def reset_password(client: Client, staff: Any) -> None:
    """By the link of the mail."""
    path = reverse(
        "accounts:password-reset-confirm",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(staff.pk)),
            "token": default_token_generator.make_token(staff),
        },
    )
    form = client.get(path, follow=True)
    passwords = {"new_password1": "another one", "new_password2": "another one"}
    client.post(form.request["PATH_INFO"], passwords)
    assert "_auth_user_id" not in client.session
    staff.refresh_from_db()


def test_reset_of_the_password_signs_nobody_in(
    client: Client, staff: Any, app: Authenticator
) -> None:
    reset_password(client, staff)
    assert staff.check_password("another one")

    fields = {"username": staff.email, "password": "another one"}
    client.post(SIGN_IN, fields)
    assert "_auth_user_id" not in client.session


def test_codes_are_limited_by_account(
    client: Client, staff: Any, app: Authenticator
) -> None:
    sign_in(client, staff)
    try_codes(client)

    response = client.post(f"{FACTORS}authenticate/", {"code": code(staff)})

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "_auth_user_id" not in client.session


def test_reset_of_the_password_frees_no_codes(
    client: Client, staff: Any, app: Authenticator
) -> None:
    """Or whoever has the mailbox could try all of them."""
    sign_in(client, staff)
    try_codes(client)

    reset_password(client, staff)

    client.post(SIGN_IN, {"username": staff.email, "password": "another one"})
    response = client.post(f"{FACTORS}authenticate/", {"code": code(staff)})
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_sign_in_that_waits_for_a_code_ends_with_a_new_password(
    client: Client, staff: Any, app: Authenticator
) -> None:
    sign_in(client, staff)
    reset_password(Client(), staff)

    response = client.post(f"{FACTORS}authenticate/", {"code": code(staff)})

    assertRedirects(response, SIGN_IN, fetch_redirect_response=False)
    assert "_auth_user_id" not in client.session
    # With the new one.
    client.post(SIGN_IN, {"username": staff.email, "password": "another one"})
    client.post(f"{FACTORS}authenticate/", {"code": code(staff)})

    assert "_auth_user_id" in client.session


def test_superuser_without_the_admin_needs_one(client: Client, staff: Any) -> None:
    staff.is_staff = False
    staff.save()
    client.force_login(staff)

    assert client.get("/plain/").status_code == HTTPStatus.FOUND


def test_members_need_none(client: Client, verified: Any) -> None:
    client.force_login(verified)

    assert client.get("/plain/").status_code == HTTPStatus.OK


def test_anonymous_page_reads_no_session(client: Client) -> None:
    response = client.get("/plain/")

    assert "Vary" not in response.headers or "Cookie" not in response.headers["Vary"]
    assert not response.cookies
    assert "private" not in response.headers.get("Cache-Control", "")


def test_pages_of_the_account_are_not_cached(
    client: Client, staff: Any, app: Authenticator
) -> None:
    sign_in(client, staff)
    for path in (f"{FACTORS}authenticate/", SIGN_IN):
        assert "no-store" in client.get(path).headers["Cache-Control"]


def test_admin_removes_second_factors_and_shows_no_secret(
    admin_client: Client, app: Authenticator, settings: Settings
) -> None:
    settings.STAFF_MFA_REQUIRED = False
    page = reverse("admin:mfa_authenticator_change", args=[app.pk])

    response = admin_client.get(page)

    assert app.data["secret"] not in response.text
    assert admin_client.post(page, {"type": "totp"}).status_code == HTTPStatus.FORBIDDEN
    delete = reverse("admin:mfa_authenticator_delete", args=[app.pk])
    admin_client.post(delete, {"post": "yes"})
    assert not Authenticator.objects.filter(pk=app.pk).exists()


@pytest.mark.parametrize(
    "credential",
    [
        *("[" * 100_000, "9" * 5_000, "{", "[]", '{"id": "AA"}', '{"id": "\u00e9"}'),
        '{"id": "AA", "rawId": "AA", "response": {}, "type": "public-key"}',
        '{"id": "AA", "rawId": "AA", "response": "AA", "type": 1}',
    ],
)
def test_malformed_passkey_is_refused(
    client: Client, staff: Any, app: Authenticator, credential: str
) -> None:
    form = {"credential": credential}
    response = client.post(reverse("mfa_login_webauthn"), form)
    assertRedirects(response, SIGN_IN, fetch_redirect_response=False)

    sign_in(client, staff)
    response = client.post(reverse("mfa_authenticate"), form)
    assert response.status_code == HTTPStatus.OK
    client.post(reverse("mfa_authenticate"), {"code": code(staff)})
    client.post("/accounts/confirm/", {"password": PASSWORD})
    response = client.post(reverse("mfa_add_webauthn"), form)
    assert response.status_code == HTTPStatus.OK
