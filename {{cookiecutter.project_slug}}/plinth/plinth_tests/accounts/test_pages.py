"""The pages of accounts, with a look, URLs and settings of their own."""

import re
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from plinth.accounts import services
from plinth.accounts.forms import ProfileForm
from plinth.testing.plugin import Commit
from plinth_tests.accounts.urls import urlpatterns
from plinth_tests.conftest import PASSWORD

User: Any = get_user_model()

SIGN_IN = "/accounts/sign-in/"
PROFILE = "/accounts/profile/"
PASSWORD_CHANGE = "/accounts/password/"
PASSWORD_RESET = "/accounts/reset/"
NEW_PASSWORD = "another quiet password"
NEW_PASSWORDS = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}


BASE = """
{% for message in messages %}{{ message }}{% endfor %}
{% block content %}{% endblock content %}
"""

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pages(site: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = "plinth_tests.accounts.urls"
    settings.LOGIN_URL = "accounts:sign-in"
    settings.LOGIN_REDIRECT_URL = "accounts:profile"
    settings.LOGOUT_REDIRECT_URL = "/plain/"
    loaders = [
        ("django.template.loaders.locmem.Loader", {"base.html": BASE}),
        "django.template.loaders.app_directories.Loader",
    ]
    processors = [
        "django.contrib.messages.context_processors.messages",
        "plinth.http.context_processors.site",
    ]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": loaders, "context_processors": processors},
        }
    ]


@pytest.fixture
def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user)
    return client


@pytest.mark.parametrize("query", ["", "?next=https://evil.example/"])
def test_sign_in_leads_to_the_profile(client: Client, user: Any, query: str) -> None:
    form = {"username": "Ann@example.com", "password": PASSWORD}

    response = client.post(SIGN_IN + query, form, follow=True)

    assertRedirects(response, PROFILE)
    assertContains(response, "Ann")


def test_wrong_password_is_an_error(client: Client, user: Any) -> None:
    response = client.post(SIGN_IN, {"username": user.email, "password": "wrong"})

    assertContains(response, 'role="alert"')
    assert "_auth_user_id" not in client.session


def test_sign_out_needs_a_post(signed_in: Client) -> None:
    path = reverse("accounts:sign-out")

    assert signed_in.get(path).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assertRedirects(signed_in.post(path), "/plain/")
    assert "_auth_user_id" not in signed_in.session


@pytest.mark.parametrize("path", [PROFILE, PASSWORD_CHANGE])
def test_private_pages_need_a_sign_in_and_are_not_cached(
    client: Client, user: Any, path: str
) -> None:
    assertRedirects(client.get(path), f"{SIGN_IN}?next={path}")

    client.force_login(user)
    said = client.get(path).headers["Cache-Control"]
    assert "no-store" in said
    assert "private" in said


def test_name_is_changed(signed_in: Client, user: Any) -> None:
    form = {"name": "Ann Other", "email": user.email}

    response = signed_in.post(PROFILE, form, follow=True)

    assertContains(response, "Your profile is saved.")
    user.refresh_from_db()
    assert user.name == "Ann Other"
    assert not mail.outbox


@pytest.mark.practice(13)
def test_profile_does_not_undo_a_concurrent_change(user: Any) -> None:
    stale = User.objects.get()
    User.objects.update(is_active=False)

    ProfileForm({"name": "Ann Other", "email": user.email}, instance=stale).save()

    user.refresh_from_db()
    assert (user.name, user.is_active) == ("Ann Other", False)


def test_new_address_needs_the_password(
    signed_in: Client, user: Any, commit: Commit
) -> None:
    form = {"name": "Ann", "email": "New@example.com", "current_password": "wrong"}
    assertContains(signed_in.post(PROFILE, form), "This is not your password.")
    user.refresh_from_db()
    assert user.email == "ann@example.com"

    with commit():
        signed_in.post(PROFILE, form | {"current_password": PASSWORD})

    user.refresh_from_db()
    assert user.email == "new@example.com"
    (message,) = mail.outbox
    assert message.to == ["ann@example.com"]
    assert "new@example.com" in message.body


def test_address_of_another_account_is_refused(signed_in: Client) -> None:
    User.objects.create_user("bo@example.com")
    form = {"name": "Ann", "email": "BO@example.com", "current_password": PASSWORD}

    response = signed_in.post(PROFILE, form)

    assertContains(response, "There is an account with this address already.")
    assertContains(response, 'aria-invalid="true"')

    response = signed_in.post(PROFILE, form | {"current_password": "wrong"})
    assertNotContains(response, "There is an account")


def test_another_spelling_of_the_address_changes_nothing(signed_in: Client) -> None:
    User.objects.update(email="ann@bücher.example")
    form = {"name": "Ann", "email": "Ann@BÜCHER.example"}

    response = signed_in.post(PROFILE, form, follow=True)

    assertContains(response, "Your profile is saved.")
    assert not mail.outbox


def test_password_is_changed(signed_in: Client, user: Any) -> None:
    form = {"old_password": PASSWORD, **NEW_PASSWORDS}

    response = signed_in.post(PASSWORD_CHANGE, form, follow=True)

    assertContains(response, "Your password is changed.")
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_password_is_reset_by_mail(client: Client, user: Any, commit: Commit) -> None:
    with commit():
        response = client.post(PASSWORD_RESET, {"email": "ANN@example.com"})

    assertRedirects(response, reverse("accounts:password-reset-sent"))
    (message,) = mail.outbox
    assert message.to == [user.email]
    link = re.search(r"http://testserver(/\S+)", str(message.body))
    assert link
    form = client.get(link[1], follow=True)
    response = client.post(form.request["PATH_INFO"], NEW_PASSWORDS, follow=True)
    assertRedirects(response, SIGN_IN)
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assertContains(client.get(link[1]), "no longer")


def test_reset_mail_is_in_the_language_of_the_page(
    user: Any, commit: Commit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a worker too, which has another language active, or none."""
    pages = i18n_patterns(*urlpatterns, prefix_default_language=False)
    settings.ROOT_URLCONF = (*pages,)
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    queued: dict[str, str] = {}
    enqueue = lambda task, **arguments: not queued.update(arguments)  # noqa: E731
    monkeypatch.setattr(services, "enqueue", enqueue)
    with translation.override("de"):
        services.request_password_reset(user.email, "http://a")

    def sent(**arguments: str) -> Any:
        with translation.override(None), commit():
            services.send_password_reset(**arguments)
        return mail.outbox.pop()

    message = sent(**queued)
    assert message.subject.startswith("Wählen Sie ein neues Passwort")
    assert "http://a/de/accounts/reset/" in message.body
    assert 'öffnen Sie <a href="http://a/de/' in message.alternatives[0].content
    # A task that an earlier release has queued.
    del queued["language"]
    assert "http://a/accounts/reset/" in sent(**queued).body


def test_reset_link_expires(
    client: Client,
    user: Any,
    commit: Commit,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.PASSWORD_RESET_TIMEOUT = 3600
    with commit():
        client.post(PASSWORD_RESET, {"email": user.email})
    link = re.search(r"http://testserver(/\S+)", str(mail.outbox[0].body))
    assert link

    later = datetime.now() + timedelta(minutes=61)  # noqa: DTZ005 (as Django does)
    monkeypatch.setattr(default_token_generator, "_now", lambda: later)

    assertContains(client.get(link[1]), "no longer")


def test_reset_does_not_tell_who_has_an_account(client: Client, commit: Commit) -> None:
    User.objects.create_user("bo@example.com")  # without a password yet

    with commit():
        known, unknown = (
            client.post(PASSWORD_RESET, {"email": email}, follow=True)
            for email in ("bo@example.com", "nobody@example.com")
        )

    assert known.text == unknown.text
    assert [message.to for message in mail.outbox] == [["bo@example.com"]]


def test_disabled_password_is_not_reset(
    client: Client, user: Any, commit: Commit
) -> None:
    user.set_unusable_password()
    user.save()

    with commit():
        client.post(PASSWORD_RESET, {"email": user.email})

    assert not mail.outbox
