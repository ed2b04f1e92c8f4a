from http import HTTPStatus

from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User
from plinth.practices.ledger import LEDGER
from plinth_tests.processes import run_code

PAGE = "/practices/"

# What is left when one line is taken out of INSTALLED_APPS.
WITHOUT = """
import sys
from config.settings import local
local.INSTALLED_APPS.remove("plinth.practices")
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check")
client = Client(headers={"host": "localhost"})
home = client.get("/")
print(home.status_code, "practices" in home.text, client.get("/practices/").status_code)
print([module for module in sys.modules if module.startswith("plinth.practices")])
"""


def test_everybody_sees_the_page_in_local(client: Client, settings: Settings) -> None:
    settings.DEBUG = True

    page = client.get(PAGE)

    assert page.status_code == HTTPStatus.OK
    assert page.text.count("<details") == 73
    for theme, practices in LEDGER.items():
        assert f">{theme}</h2>" in page.text
        for practice in practices:
            assert f'id="practice-{practice.number}"' in page.text
    assert f'href="{PAGE}"' in client.get("/").text


def test_elsewhere_staff_alone_see_the_page(client: Client, user: User) -> None:
    assert client.get(PAGE).headers["Location"].startswith(reverse("accounts:sign-in"))
    assert PAGE not in client.get("/").text

    client.force_login(user)
    assert client.get(PAGE).status_code == HTTPStatus.FORBIDDEN

    user.is_staff = True
    user.save()
    assert client.get(PAGE).status_code == HTTPStatus.OK


def test_the_app_goes_without_a_trace() -> None:
    done = run_code(WITHOUT, "local")

    assert done.stdout.splitlines()[-2:] == ["200 False 404", "[]"]
