"""What costs something is worked out when it is used, not when it is imported."""

import subprocess
import sys

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Field
from django.test import Client
from django.utils.functional import Promise
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User

pytestmark = pytest.mark.practice(20)

# Takes the eager functions away before anything of the project is imported.
IMPORT_ALL = """
import importlib, pkgutil

def refuse(*args, **kwargs):
    raise AssertionError(f"worked out at import: {args}")

from django import urls
from django.db.backends.base.base import BaseDatabaseWrapper
from django.templatetags import static
from django.utils import translation

for module, names in {
    translation: ["gettext", "ngettext", "pgettext", "npgettext"],
    urls: ["reverse", "resolve"],
    static: ["static"],
    BaseDatabaseWrapper: ["ensure_connection"],
}.items():
    for name in names:
        setattr(module, name, refuse)

import django
django.setup()

import apps, config
for package in (apps, config):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.startswith("config.settings"):
            importlib.import_module(module.name)
"""


def test_an_import_translates_reverses_and_queries_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        cwd=settings.BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_each_text_of_a_model_waits_for_the_readers_language() -> None:
    texts = {
        f"{field}.{name}": getattr(field, name)
        for model in apps.get_models()
        if model.__module__.startswith("apps.")
        for field in model._meta.get_fields()  # noqa: SLF001 (documented)
        if isinstance(field, Field) and not field.primary_key
        for name in ("verbose_name", "help_text")
        if getattr(field, name)
    }

    assert texts
    assert not {name for name, text in texts.items() if not isinstance(text, Promise)}


@pytest.mark.django_db
def test_who_asks_is_looked_up_only_where_a_page_says_it(
    client: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(user)

    with django_assert_num_queries(0):
        client.get("/robots.txt")
    assert "Sign out" in client.get("/").text
