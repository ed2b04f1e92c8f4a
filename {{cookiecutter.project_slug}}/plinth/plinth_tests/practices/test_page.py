from http import HTTPStatus
from typing import Any

from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from plinth.practices.ledger import LEDGER
from plinth_tests.processes import run_code

PAGE = "/practices/"

# The site without one line of INSTALLED_APPS.
WITHOUT = """
import sys
from config.settings import local
local.INSTALLED_APPS.remove("plinth.practices")
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check")
call_command("practices", "--prove")
client = Client(headers={"host": "localhost"})
print("/practices/" in client.get("/").text, client.get("/practices/").status_code)
print([module for module in sys.modules if module.startswith("plinth.practices")])
"""


def test_page_is_open_with_debug(client: Client, settings: Settings) -> None:
    settings.DEBUG = True

    page = client.get(PAGE)

    assert page.status_code == HTTPStatus.OK
    assert page.text.count("<details") == 73
    for theme, practices in LEDGER.items():
        assert f">{theme}</h2>" in page.text
        for practice in practices:
            assert f'id="practice-{practice.number}"' in page.text


def test_page_is_for_staff_without_debug(client: Client, user: Any) -> None:
    assert client.get(PAGE).headers["Location"].startswith(reverse("accounts:sign-in"))

    client.force_login(user)
    assert client.get(PAGE).status_code == HTTPStatus.FORBIDDEN

    user.is_staff = True
    user.save()
    assert client.get(PAGE).status_code == HTTPStatus.OK


def test_removed_app_leaves_no_trace() -> None:
    done = run_code(WITHOUT, "local")

    assert done.stdout.splitlines()[-2:] == ["False 404", "[]"]
