from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.auth import authenticate, get_user_model
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from pytest_django.asserts import assertContains

from plinth.accounts.admin import EmailUserAdmin
from plinth.accounts.forms import SetPasswordForm
from plinth.database.fields import normalize_email
from plinth_tests.conftest import PASSWORD

User: Any = get_user_model()
NEW_PASSWORD = "another quiet password"

pytestmark = pytest.mark.django_db


def test_letter_case_of_an_address_is_ignored(user: Any) -> None:
    assert authenticate(username="Ann@Example.COM", password=PASSWORD) == user
    with pytest.raises(IntegrityError):
        User.objects.create_user("ANN@example.com")


def test_spellings_of_an_international_domain_are_one_account() -> None:
    user = User.objects.create_user("ann@bücher.example", PASSWORD)

    assert user.email == "ann@xn--bcher-kva.example"
    for spelling in ("Ann@BÜCHER.example", "ann@XN--bcher-kva.example"):
        assert authenticate(username=spelling, password=PASSWORD) == user
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user(spelling)


def test_address_that_no_domain_can_have_is_left_to_the_validator() -> None:
    address = "a@" + "ü" * 99

    assert normalize_email(address) == address


def test_new_user_has_no_password_and_no_rights() -> None:
    user = User.objects.create_user("bo@example.com")

    for password in ("", user.password, "!"):
        assert not authenticate(username="bo@example.com", password=password)
    # A reset sets the first one.
    assert user.has_usable_password()
    assert not user.is_staff
    assert str(user) == "bo@example.com"


def test_superuser_has_every_right() -> None:
    user = User.objects.create_superuser("root@example.com", PASSWORD)

    assert user.is_staff
    assert user.has_perm("accounts.delete_user")


def test_user_needs_an_address() -> None:
    with pytest.raises(ValueError, match="email address"):
        User.objects.create_user("")


@pytest.mark.practice(26)
def test_change_of_the_password_alone_is_dated(user: Any) -> None:
    User.objects.update(password_changed=datetime(2020, 1, 1, tzinfo=UTC))
    user = User.objects.get()

    user.name = "Ann Other"
    user.save()
    user.refresh_from_db()
    assert user.password_changed.year == 2020

    user.set_password("another quiet password")
    user.save()
    user.refresh_from_db()
    assert user.password_changed > timezone.now() - timedelta(minutes=1)


@pytest.mark.practice(13)
def test_new_password_does_not_undo_a_concurrent_change(user: Any) -> None:
    stale = User.objects.get()
    User.objects.update(is_active=False)

    passwords = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    form = SetPasswordForm(stale, passwords)
    assert form.is_valid()
    form.save()

    user.refresh_from_db()
    assert not user.is_active
    assert user.check_password(NEW_PASSWORD)


@pytest.mark.skipif(
    not isinstance(admin.site._registry.get(User), EmailUserAdmin),  # noqa: SLF001
    reason="the project has another admin of users",
)
def test_admin_lists_adds_and_changes_users(admin_client: Client, user: Any) -> None:
    def path(page: str, *arguments: int) -> str:
        return reverse(admin_urlname(User._meta, SafeString(page)), args=arguments)  # noqa: SLF001

    assertContains(admin_client.get(path("changelist")), user.email)

    form = {"email": "Bo@example.com", "usable_password": "true"}
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    admin_client.post(path("add"), form | passwords)
    assert User.objects.get(email="bo@example.com").check_password(NEW_PASSWORD)

    assertContains(admin_client.get(path("change", user.pk)), user.email)
