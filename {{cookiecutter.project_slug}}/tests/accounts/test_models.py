from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError
from django.utils import timezone

from apps.accounts.models import User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_letter_case_of_an_address_is_ignored(user: User) -> None:
    assert authenticate(username="Ann@Example.COM", password=PASSWORD) == user
    with pytest.raises(IntegrityError):
        User.objects.create_user("ANN@example.com")


def test_new_user_has_no_password_and_no_rights() -> None:
    user = User.objects.create_user("bo@example.com")

    assert not user.has_usable_password()
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
def test_change_of_the_password_alone_is_dated(user: User) -> None:
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
