"""Views are classes and URLs have names; a check says where they don't."""

import pytest
from django.core.checks import run_checks
from django.urls import get_resolver
from pytest_django import Settings

from plinth.practices.checks import (
    own_urls,
    warn_about_function_views,
    warn_about_unnamed_urls,
)

pytestmark = pytest.mark.practice(68)


@pytest.mark.practice(44)
def test_every_view_is_a_class() -> None:
    assert len(list(own_urls(get_resolver()))) > 10
    assert not list(warn_about_function_views())


def test_every_url_has_a_name_in_a_namespace() -> None:
    assert not list(warn_about_unnamed_urls())


@pytest.mark.practice(44)
def test_a_view_that_is_a_function_brings_a_warning(settings: Settings) -> None:
    settings.ROOT_URLCONF = "plinth_tests.practices.urls"

    warnings = [check for check in run_checks() if check.id == "practices.W044"]

    assert [warning.msg for warning in warnings] == [
        "The view plinth_tests.practices.shop_urls.function is a function."
    ]


def test_a_url_without_a_name_or_a_namespace_brings_a_warning(
    settings: Settings,
) -> None:
    settings.ROOT_URLCONF = "plinth_tests.practices.urls"

    warnings = [check for check in run_checks() if check.id == "practices.W068"]

    assert [warning.msg for warning in warnings] == [
        "The URL of django.views.generic.base.RedirectView has no namespace.",
        "The URL of plinth_tests.practices.shop_urls.PageView has no name.",
    ]
