"""Costly work is done on use, not at import."""

import pytest
from django.apps import apps
from django.db.models import Field
from django.test import Client
from django.utils.functional import Promise
from pytest_django import DjangoAssertNumQueries

from plinth_tests.processes import python

pytestmark = pytest.mark.practice(20)

# Replaces the eager functions before any module of the project is imported.
IMPORT_ALL = """
import contextlib, importlib, pkgutil

def fail(*args, **kwargs):
    raise AssertionError(f"called at import: {args}")

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
        setattr(module, name, fail)

import django
django.setup()

import apps, config, plinth
# They start servers, or choose settings.
SKIPPED = ("config.settings", "plinth.benchmarks", "plinth.profiling.", "plinth.testing")
for package in (apps, config, plinth):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.startswith(SKIPPED) and "benchmarks" not in module.name:
            # An extra may be missing.
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(module.name)
"""


def test_import_translates_reverses_and_queries_nothing() -> None:
    done = python("-c", IMPORT_ALL, environment="test")

    assert done.returncode == 0, done.stderr


def test_texts_of_models_are_translated_on_use() -> None:
    texts = {
        f"{field}.{name}": getattr(field, name)
        for model in apps.get_models()
        if model.__module__.startswith("plinth.")
        for field in model._meta.get_fields()  # noqa: SLF001 (documented)
        if isinstance(field, Field) and not field.primary_key
        for name in ("verbose_name", "help_text")
        # Django makes the others of names, untranslated.
        if (field._verbose_name if name == "verbose_name" else field.help_text)  # type: ignore[attr-defined]  # noqa: SLF001
    }

    assert not {name for name, text in texts.items() if not isinstance(text, Promise)}


def test_user_is_loaded_only_by_a_page_that_uses_it(
    site: Client, user: object, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    site.force_login(user)  # type: ignore[arg-type]

    with django_assert_num_queries(0):
        site.get("/plain/")
    assert "ann@example.com" in site.get("/user/").text
