from http import HTTPStatus

import pytest
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from plinth.http import errors

VIEWS = [
    (errors.BadRequestView, HTTPStatus.BAD_REQUEST),
    (errors.ForbiddenView, HTTPStatus.FORBIDDEN),
    (errors.CSRFFailureView, HTTPStatus.FORBIDDEN),
    (errors.TooLargeView, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.NotFoundView, HTTPStatus.NOT_FOUND),
    (errors.ServerErrorView, HTTPStatus.INTERNAL_SERVER_ERROR),
]


@pytest.mark.parametrize(("view", "status"), VIEWS)
def test_error_page_has_its_status_for_any_method(
    rf: RequestFactory, view: type[errors.ErrorView], status: HTTPStatus
) -> None:
    response = view.as_view()(rf.put("/"), exception=Exception())

    assert isinstance(response, TemplateResponse)
    assert response.status_code == status
    assert str(view.title) in response.render().text


def test_page_of_a_server_error_makes_no_query(
    client: Client, settings: Settings
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.failing"]
    client.cookies["sessionid"] = "of-a-signed-in-user"
    client.raise_request_exception = False

    response = client.get("/")  # without the `db` fixture a query fails

    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert str(errors.ServerErrorView.title) in response.text


def failing(get_response: object) -> object:
    def fail(request: object) -> None:
        raise RuntimeError

    return fail
