"""The pages are the foundation's, and so are their tests; these show how to test yours."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from apps.accounts.models import User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

SIGN_IN = reverse("accounts:sign-in")
PROFILE = reverse("accounts:profile")


def test_sign_in_leads_to_the_profile(client: Client, user: User) -> None:
    form = {"username": "Ann@example.com", "password": PASSWORD}

    response = client.post(SIGN_IN, form, follow=True)

    assertRedirects(response, PROFILE)
    assertContains(response, "Ann")


@pytest.mark.parametrize("name", ["profile", "password-change"])
def test_private_pages_need_a_sign_in(client: Client, name: str) -> None:
    path = reverse(f"accounts:{name}")

    assertRedirects(client.get(path), f"{SIGN_IN}?next={path}")


def test_sign_out_needs_a_post(client: Client, user: User) -> None:
    path = reverse("accounts:sign-out")
    client.force_login(user)

    client.get(path)
    assert "_auth_user_id" in client.session
    assertRedirects(client.post(path), reverse("pages:home"))
    assert "_auth_user_id" not in client.session


def test_name_is_changed(client: Client, user: User) -> None:
    client.force_login(user)
    form = {"name": "Ann Other", "email": user.email}

    response = client.post(PROFILE, form, follow=True)

    assertContains(response, "Your profile is saved.")
    user.refresh_from_db()
    assert user.name == "Ann Other"
