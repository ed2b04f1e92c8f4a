import re
from http import HTTPStatus

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from apps.accounts.models import User
from tests.conftest import PASSWORD
from plinth.testing.plugin import Commit

pytestmark = pytest.mark.django_db

SIGN_IN = reverse("accounts:sign-in")
PROFILE = reverse("accounts:profile")
NEW_PASSWORD = "another quiet password"


def test_signing_in_with_the_address_leads_to_the_profile(
    client: Client, user: User
) -> None:
    response = client.post(
        SIGN_IN, {"username": "Ann@example.com", "password": PASSWORD}, follow=True
    )

    assertRedirects(response, PROFILE)
    assertContains(response, "Ann")


def test_a_wrong_password_says_so_beside_the_form(client: Client, user: User) -> None:
    response = client.post(SIGN_IN, {"username": user.email, "password": "wrong"})

    assert response.context["form"].non_field_errors()
    assertContains(response, 'role="alert"')
    assert "_auth_user_id" not in client.session


def test_a_sign_in_does_not_lead_to_another_site(client: Client, user: User) -> None:
    response = client.post(
        f"{SIGN_IN}?next=https://evil.example/",
        {"username": user.email, "password": PASSWORD},
    )

    assertRedirects(response, PROFILE)


def test_only_a_form_signs_out(client: Client, user: User) -> None:
    client.force_login(user)
    path = reverse("accounts:sign-out")

    assert client.get(path).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assertRedirects(client.post(path), reverse("pages:home"))
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ["accounts:profile", "accounts:password-change"])
def test_a_stranger_is_asked_to_sign_in(client: Client, name: str) -> None:
    path = reverse(name)

    assertRedirects(client.get(path), f"{SIGN_IN}?next={path}")


def test_the_profile_is_changed_and_says_so(client: Client, user: User) -> None:
    client.force_login(user)

    response = client.post(
        PROFILE, {"name": "Ann Other", "email": user.email}, follow=True
    )

    assertContains(response, "Your profile is saved.")
    user.refresh_from_db()
    assert user.name == "Ann Other"
    assert not mail.outbox


def test_a_new_address_takes_the_password(
    client: Client, user: User, commit: Commit
) -> None:
    client.force_login(user)
    form = {"name": "Ann", "email": "New@example.com", "current_password": "wrong"}

    assertContains(client.post(PROFILE, form), "This is not your password.")
    user.refresh_from_db()
    assert user.email == "ann@example.com"

    with commit():
        client.post(PROFILE, form | {"current_password": PASSWORD})
    user.refresh_from_db()
    assert user.email == "new@example.com"
    (message,) = mail.outbox
    assert message.to == ["ann@example.com"]
    assert "new@example.com" in message.body


@pytest.mark.parametrize("name", ["accounts:profile", "accounts:password-change"])
def test_a_private_page_is_kept_nowhere(client: Client, user: User, name: str) -> None:
    client.force_login(user)

    cache_control = client.get(reverse(name)).headers["Cache-Control"]

    assert "no-store" in cache_control
    assert "private" in cache_control


def test_the_profile_refuses_somebody_elses_address(client: Client, user: User) -> None:
    User.objects.create_user("bo@example.com")
    client.force_login(user)

    response = client.post(
        PROFILE,
        {"name": "Ann", "email": "BO@example.com", "current_password": PASSWORD},
    )

    assertContains(response, "There is an account with this address already.")
    assertContains(response, 'aria-invalid="true"')


def test_the_password_is_changed(client: Client, user: User) -> None:
    client.force_login(user)

    response = client.post(
        reverse("accounts:password-change"),
        {
            "old_password": PASSWORD,
            "new_password1": NEW_PASSWORD,
            "new_password2": NEW_PASSWORD,
        },
        follow=True,
    )

    assertContains(response, "Your password is changed.")
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_a_forgotten_password_is_reset_by_mail(
    client: Client, user: User, commit: Commit
) -> None:
    with commit():
        response = client.post(
            reverse("accounts:password-reset"), {"email": "ANN@example.com"}
        )

    assertRedirects(response, reverse("accounts:password-reset-sent"))
    (message,) = mail.outbox
    assert message.to == [user.email]
    link = re.search(r"http://testserver(/\S+)", str(message.body))
    assert link
    form = client.get(link[1], follow=True)
    response = client.post(
        form.request["PATH_INFO"],
        {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD},
        follow=True,
    )
    assertRedirects(response, SIGN_IN)
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assertContains(client.get(link[1]), "no longer")


def test_who_was_given_an_account_sets_the_first_password(
    client: Client, commit: Commit
) -> None:
    User.objects.create_user("bo@example.com")

    with commit():
        client.post(reverse("accounts:password-reset"), {"email": "bo@example.com"})

    (message,) = mail.outbox
    assert message.to == ["bo@example.com"]


def test_a_reset_does_not_tell_who_has_an_account(
    client: Client, user: User, commit: Commit
) -> None:
    path = reverse("accounts:password-reset")

    with commit():
        known = client.post(path, {"email": user.email}, follow=True)
        unknown = client.post(path, {"email": "nobody@example.com"}, follow=True)

    assert known.text == unknown.text
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("page", ["changelist", "add"])
def test_the_admin_shows_users(admin_client: Client, page: str) -> None:
    response = admin_client.get(reverse(f"admin:accounts_user_{page}"))

    assert response.status_code == HTTPStatus.OK


def test_the_admin_changes_a_user(admin_client: Client, user: User) -> None:
    path = reverse("admin:accounts_user_change", args=[user.pk])

    assertContains(admin_client.get(path), user.email)


def test_the_admin_adds_a_user(admin_client: Client) -> None:
    admin_client.post(
        reverse("admin:accounts_user_add"),
        {
            "email": "Bo@example.com",
            "usable_password": "true",
            "password1": NEW_PASSWORD,
            "password2": NEW_PASSWORD,
        },
    )

    assert User.objects.get(email="bo@example.com").check_password(NEW_PASSWORD)
