import pytest
from django.test import Client
from pytest_django import Settings

from plinth.benchmarks import cases

pytestmark = pytest.mark.django_db


def test_benchmark_signs_a_user_in(client: Client, settings: Settings) -> None:
    user = cases.make_user()
    name, _, value = cases.sign_in(user)["Cookie"].partition("; ")[0].partition("=")
    client.cookies[name] = value

    assert name == settings.SESSION_COOKIE_NAME
    assert client.get("/").context["user"] == user


def test_pages_that_the_site_lacks_are_not_measured(settings: Settings) -> None:
    settings.LOGIN_URL = "no-such-name"
    settings.LOGIN_REDIRECT_URL = "/no/such/page/"

    assert cases.account_pages({}) == []
