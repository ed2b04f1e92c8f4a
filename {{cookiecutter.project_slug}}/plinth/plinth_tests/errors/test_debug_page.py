from http import HTTPStatus
from typing import Any

import pytest
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django import Settings

from plinth.errors import debug_page

TOO_MANY = "&".join(["a=1"] * 1_500)


@pytest.mark.parametrize("levels", [1, 5])
def test_query_of_too_many_parameters_has_a_debug_page(
    site: Client, settings: Settings, levels: int
) -> None:
    settings.DEBUG = True
    settings.DEFAULT_EXCEPTION_REPORTER = (
        f"{debug_page.__name__}.{debug_page.ExceptionReporter.__name__}"
    )
    settings.MIDDLEWARE = [f"{__name__}.reader"] * levels

    response = site.get(f"/plain/?{TOO_MANY}")

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert TooManyFieldsSent.__name__ in response.text
    # Django's own page reports each failure of the page for the one before.
    assert "During handling of the above exception" not in response.text


def test_query_is_reported(rf: RequestFactory) -> None:
    reporter = debug_page.ExceptionReporter(rf.get("/?a=one"), None, None, None)

    assert dict(reporter.get_traceback_data()["request_GET_items"]) == {"a": "one"}


def reader(get_response: Any) -> Any:
    def read(request: HttpRequest) -> Any:
        request.GET.get("a")
        return get_response(request)

    return read
