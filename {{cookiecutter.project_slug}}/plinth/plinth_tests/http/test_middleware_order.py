"""MIDDLEWARE is in an order that works, in tests and in production."""

import json

import pytest
from pytest_django import Settings

from plinth.practices.checks import check_middleware_order
from plinth.practices.middleware_order import COMPRESSION, LOG, ORDER
from plinth_tests.processes import COMPLETE, run_code

pytestmark = pytest.mark.practice(65)

PRODUCTION = """
import json
import config.wsgi
from django.conf import settings
print(json.dumps(settings.MIDDLEWARE))
"""


@pytest.fixture(scope="module")
def production() -> list[str]:
    """The middleware of a server, outermost first."""
    middleware: list[str] = json.loads(run_code(PRODUCTION, **COMPLETE).stdout)
    return middleware


@pytest.mark.practice(19)
def test_middleware_is_in_order(production: list[str], settings: Settings) -> None:
    assert COMPRESSION in production
    assert LOG in production
    assert list(check_middleware_order()) == []

    settings.MIDDLEWARE = production
    assert list(check_middleware_order()) == []


@pytest.mark.parametrize(("outer", "inner", "otherwise"), ORDER)
def test_wrong_order_brings_a_warning(
    settings: Settings, outer: str, inner: str, otherwise: str
) -> None:
    settings.MIDDLEWARE = [inner, outer]

    (warning,) = check_middleware_order()

    assert warning.id == "practices.W065"
    assert otherwise in warning.msg


def test_middleware_of_the_owner_brings_no_warning(settings: Settings) -> None:
    settings.MIDDLEWARE = [
        "apps.pages.middleware.TeapotMiddleware",
        *settings.MIDDLEWARE,
    ]

    assert list(check_middleware_order()) == []
