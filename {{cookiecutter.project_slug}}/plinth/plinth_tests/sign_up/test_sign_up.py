"""Sign-up, sign-in and reset: what they tell, whom they let in, and what they count."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.core.cache import caches
from django.core.management import call_command
from django.template import Context, Origin, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertRedirects

from plinth.http import throttle
from plinth.sign_up.adapters import AccountAdapter
from plinth.sign_up.forms import SignUpForm
from plinth.sign_up.templatetags.sign_up import browser, sentence_case
from plinth.testing.plugin import Commit
from plinth_tests.conftest import PASSWORD

User: Any = get_user_model()

SIGN_IN = "/accounts/sign-in/"
SIGN_UP = "/accounts/sign-up/"
RESET = "/accounts/reset/"
PROFILE = "/accounts/profile/"

pytestmark = pytest.mark.django_db


class CountingHasher(PBKDF2PasswordHasher):
    """Counts the hashes, which are all the time that these pages take."""

    iterations = 1
    count = 0

    def encode(self, *args: Any, **kwargs: Any) -> str:
        type(self).count += 1
        return super().encode(*args, **kwargs)

    def harden_runtime(self, *args: Any) -> None:
        """Nothing: the iterations are always one."""


@pytest.fixture
def hashes(settings: Settings) -> type[CountingHasher]:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.count = 0
    return CountingHasher


def sign_up(email: str) -> tuple[Any, Client]:
    client = Client()
    form = {"email": email, "password1": PASSWORD}
    return client.post(SIGN_UP, form, follow=True), client


def sign_in(
    client: Client, email: str, password: str = PASSWORD, query: str = ""
) -> Any:
    form = {"username": email, "password": password}
    return client.post(SIGN_IN + query, form, follow=True)


def link(pattern: str) -> str:
    found = re.search(
        rf"http://testserver(/accounts/{pattern}\S+)", str(mail.outbox[-1].body)
    )
    assert found, mail.outbox[-1].body
    return found[1]


def neutral(response: Any, email: str) -> str:
    """The page without what each request has of its own."""
    text = re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", response.text)
    return str(text.replace(email, "").replace(email.lower(), ""))


def test_address_is_verified_before_the_first_sign_in(
    client: Client, commit: Commit
) -> None:
    with commit():
        response, _ = sign_up("Ann@Bücher.example")
    assertContains(response, "Verify your email address")
    assert "_auth_user_id" not in response.client.session
    path = link("addresses/confirm/")
    assert getattr(mail.outbox[-1], "alternatives")  # noqa: B009 (HTML)

    sign_in(client, "ann@bücher.example")
    assert "_auth_user_id" not in client.session

    client.post(path)
    assertRedirects(sign_in(client, "Ann@xn--bcher-kva.example"), PROFILE)


def test_sign_up_does_not_tell_who_has_an_account(
    user: Any, commit: Commit, hashes: type[CountingHasher]
) -> None:
    found = []
    for email in ("ANN@example.com", "new@example.com"):
        hashes.count = 0
        with commit():
            response, _ = sign_up(email)
        found.append((neutral(response, email), response.redirect_chain, hashes.count))

    assert found[0] == found[1]
    assert [message.to for message in mail.outbox] == [
        ["ann@example.com"],
        ["new@example.com"],
    ]
    assert User.objects.filter(email="ann@example.com").count() == 1


def test_address_that_others_have_not_verified_is_free(
    verified: Any, commit: Commit
) -> None:
    verified.emailaddress_set.create(email="bo@example.com")

    with commit():
        _, client = sign_up("bo@example.com")

    assert "_auth_user_id" not in client.session
    client.post(link("addresses/confirm/"))
    assertRedirects(sign_in(client, "bo@example.com"), PROFILE)
    assert User.objects.get(email="bo@example.com").pk != verified.pk


def test_sign_up_that_is_never_verified_keeps_nobody_from_the_address(
    signed_in: Client, verified: Any, commit: Commit
) -> None:
    sign_up("new@example.com")
    # allauth mails one address every three minutes.
    caches["default"].clear()
    with commit():
        signed_in.post(
            "/accounts/addresses/", {"email": "new@example.com", "action_add": ""}
        )

    signed_in.post(link("addresses/confirm/"))
    signed_in.post(
        "/accounts/addresses/", {"email": "new@example.com", "action_primary": ""}
    )

    verified.refresh_from_db()
    assert verified.email == "new@example.com"
    assert User.objects.get() == verified
    primary = EmailAddress.objects.get(primary=True)
    assert (primary.email, primary.user) == (verified.email, verified)


def test_user_of_staff_is_not_taken_for_such_a_sign_up(
    signed_in: Client, verified: Any
) -> None:
    other = User.objects.create_user("new@example.com")
    address = verified.emailaddress_set.create(email="new@example.com")

    assert AccountAdapter().confirm_email(signed_in.get(PROFILE).wsgi_request, address)

    assert User.objects.filter(pk=other.pk).exists()


def test_sign_up_that_is_sent_twice_makes_one_account(
    commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = SignUpForm.try_save

    def save_after_the_other(form: Any, request: Any) -> Any:
        User.objects.create_user(form.cleaned_data["email"])
        return save(form, request)

    monkeypatch.setattr(SignUpForm, "try_save", save_after_the_other)
    with commit():
        response, _ = sign_up("bo@example.com")

    assertContains(response, "Verify your email address")
    assert User.objects.filter(email="bo@example.com").count() == 1


def test_sign_up_can_be_closed(settings: Settings) -> None:
    settings.ACCOUNT_SIGNUP_ENABLED = False

    sign_up("ann@example.com")

    assert not User.objects.exists()


def test_sign_in_does_not_tell_who_has_an_account(
    verified: Any, hashes: type[CountingHasher]
) -> None:
    verified.set_password(PASSWORD)
    verified.save()
    found = []
    for email in (verified.email, "nobody@example.com"):
        hashes.count = 0
        response = sign_in(Client(), email, "wrong")
        found.append((neutral(response, email), hashes.count))

    assert found[0] == found[1]


def test_reset_is_the_one_without_sign_up(
    client: Client, verified: Any, commit: Commit
) -> None:
    """And so are its tests; it signs nobody in, and releases the account."""
    with commit():
        client.post(RESET, {"email": verified.email})
    form = client.get(link("reset/"), follow=True)
    passwords = {"new_password1": "another one", "new_password2": "another one"}
    for _ in range(throttle.LIMITS["sign-in"]["account"][0] + 1):
        response = sign_in(client, verified.email, "wrong")
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS

    client.post(form.request["PATH_INFO"], passwords)

    assert "_auth_user_id" not in client.session
    assertRedirects(sign_in(client, verified.email, "another one"), PROFILE)


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "http:evil.example"]
)
def test_sign_in_leads_to_no_other_site(
    client: Client, verified: Any, address: str
) -> None:
    response = sign_in(client, verified.email, query=f"?next={address}")

    assertRedirects(response, PROFILE)


def test_session_key_changes_at_sign_in(client: Client, verified: Any) -> None:
    session = client.session
    session["before"] = True
    session.save()
    before = session.session_key

    sign_in(client, verified.email)

    assert client.session.session_key != before


def test_disabled_user_is_not_signed_in(client: Client, verified: Any) -> None:
    User.objects.update(is_active=False)

    sign_in(client, verified.email)

    assert "_auth_user_id" not in client.session


def test_address_of_a_user_whom_staff_created_is_trusted(
    client: Client, user: Any
) -> None:
    assertRedirects(sign_in(client, user.email), PROFILE)

    assert EmailAddress.objects.get().verified


def test_address_that_another_account_has_verified_is_not_trusted(
    client: Client, user: Any
) -> None:
    other = User.objects.create_user("bo@example.com")
    EmailAddress.objects.create(user=other, email=user.email, verified=True)

    sign_in(client, user.email)

    assert "_auth_user_id" not in client.session


def test_new_password_does_not_undo_a_concurrent_change(user: Any) -> None:
    stale = User.objects.get()
    User.objects.update(is_active=False)

    AccountAdapter().set_password(stale, "another password")

    user.refresh_from_db()
    assert not user.is_active
    assert user.check_password("another password")


def test_failed_sign_ins_lock_the_account(client: Client, verified: Any) -> None:
    limit, seconds = throttle.LIMITS["sign-in"]["account"]
    for _ in range(limit):
        assert sign_in(client, verified.email, "wrong").status_code == HTTPStatus.OK

    response = sign_in(client, verified.email)

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert 0 < int(response.headers["Retry-After"]) <= seconds
    throttle.release(verified.email)
    assertRedirects(sign_in(client, verified.email), PROFILE)


def test_failed_sign_ins_of_others_do_not_end_a_session(
    signed_in: Client, verified: Any
) -> None:
    for _ in range(throttle.LIMITS["sign-in"]["account"][0] + 1):
        response = sign_in(Client(), verified.email, "wrong")
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS

    confirmed = signed_in.post("/accounts/confirm/", {"password": PASSWORD})

    assert confirmed.status_code == HTTPStatus.FOUND


def test_password_of_a_session_is_throttled(signed_in: Client) -> None:
    limit, _ = throttle.LIMITS["confirm"]["account"]
    found = [
        signed_in.post("/accounts/confirm/", {"password": "wrong"}).status_code
        for _ in range(limit + 1)
    ]

    assert found == [*[HTTPStatus.OK] * limit, HTTPStatus.TOO_MANY_REQUESTS]


def test_limits_of_allauth_have_the_same_page(client: Client) -> None:
    form = {"email": "", "password1": ""}
    found = {client.post(SIGN_UP, form).status_code for _ in range(21)}

    assert found == {HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (" Sign In ", "Sign in"),
        ("Two-Factor Authentication", "Two-factor authentication"),
        ("Sign In Via GitHub", "Sign in via GitHub"),
        ("Connect Google", "Connect Google"),
    ],
)
def test_titles_of_allauth_are_in_sentence_case(text: str, result: str) -> None:
    assert sentence_case(text) == result


def test_field_names_its_help_and_its_error() -> None:
    class CodeForm(forms.Form):
        code = forms.CharField()

    element = Template(
        """{% load allauth %}
        {% element field id=form.code.auto_id type="text" errors=form.code.errors %}
          {% slot help_text %}Six digits{% endslot %}
        {% endelement %}""",
        Origin("code.html", "code.html"),
    )

    page = element.render(Context({"form": CodeForm({})}))

    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_code_helptext id_code_error"' in page
    for name in ("helptext", "error"):
        assert f' id="id_code_{name}"' in page


def test_user_agent_is_named() -> None:
    chrome = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/149.0 Safari/537.36"
    )

    assert browser(chrome) == "Chrome, Linux"
    assert browser("curl/8.0") == "curl/8.0"


def test_old_password_is_throttled(signed_in: Client, verified: Any) -> None:
    form = {
        "oldpassword": "wrong",
        "password1": "new one 123",
        "password2": "new one 123",
    }
    limit, _ = throttle.LIMITS["password-change"]["account"]
    for _ in range(limit):
        assert signed_in.post("/accounts/password/", form).status_code == HTTPStatus.OK

    response = signed_in.post("/accounts/password/", form | {"oldpassword": PASSWORD})

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    throttle.release(verified.email)
    signed_in.post("/accounts/password/", form | {"oldpassword": PASSWORD})
    verified.refresh_from_db()
    assert verified.check_password("new one 123")


def test_address_that_staff_change_is_the_one_that_signs_in(
    client: Client, verified: Any
) -> None:
    verified.email = "new@example.com"
    verified.save()

    address = verified.emailaddress_set.get()
    assert (address.email, address.primary, address.verified) == (
        "new@example.com",
        True,
        True,
    )
    form = {"username": "ann@example.com", "password": PASSWORD}
    client.post("/accounts/sign-in/", form)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("is_verified", [False, True])
def test_staff_may_set_an_address_that_the_user_has_added(
    verified: Any, is_verified: bool
) -> None:
    verified.emailaddress_set.create(email="new@example.com", verified=is_verified)

    verified.email = "new@example.com"
    verified.save()

    # The old one signs in no longer.
    address = verified.emailaddress_set.get()
    assert (address.email, address.primary, address.verified) == (
        "new@example.com",
        True,
        True,
    )


def test_admin_changes_no_address_beside_that_of_the_account(
    admin_client: Client, verified: Any
) -> None:
    address = verified.emailaddress_set.get()
    page = reverse("admin:account_emailaddress_change", args=[address.pk])

    form = {"user": verified.pk, "email": "changed@example.com", "primary": "on"}
    admin_client.post(page, form)

    address.refresh_from_db()
    assert (address.email, address.primary) == (verified.email, True)


def test_sessions_that_have_ended_are_forgotten(
    signed_in: Client, verified: Any
) -> None:
    long_ago = timezone.now() - timedelta(days=400)
    data = {"user": verified, "ip": "192.0.2.1", "last_seen_at": long_ago}
    UserSession.objects.create(**data, session_key="ended")
    # One that goes on, as its cookie is renewed.
    UserSession.objects.exclude(session_key="ended").update(last_seen_at=long_ago)

    call_command("delete_accounts")

    assert UserSession.objects.get().session_key == signed_in.session.session_key


def test_admin_finds_sessions_by_address(admin_client: Client, user: Any) -> None:
    data = {"user": user, "ip": "192.0.2.1", "session_key": "key"}
    UserSession.objects.create(**data)

    page = admin_client.get(
        reverse("admin:usersessions_usersession_changelist"), {"q": user.email}
    )

    assertContains(page, "192.0.2.1")
