from http import HTTPStatus
from typing import Any

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
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.failing"]
    client.cookies["sessionid"] = "of-a-signed-in-user"
    client.raise_request_exception = False

    response = client.get("/")  # without the `db` fixture a query fails

    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert str(errors.ServerErrorView.title) in response.text
    assert errors.__name__ not in {record.name for record in caplog.records}


@pytest.mark.parametrize(("view", "status"), VIEWS)
def test_error_page_is_bare_where_its_template_fails(
    rf: RequestFactory,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    view: type[errors.ErrorView],
    status: HTTPStatus,
) -> None:
    files = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": files}}
    template = "{% load static %}{% static 'of-no-manifest.css' %}"
    loader = ("django.template.loaders.locmem.Loader", {"error.html": template})
    backend = "django.template.backends.django.DjangoTemplates"
    settings.TEMPLATES = [{"BACKEND": backend, "OPTIONS": {"loaders": [loader]}}]
    settings.DEBUG = False

    response: Any = view.as_view()(rf.get("/"))

    text = response.render().text
    assert response.status_code == status
    assert f"<h1>{view.title}</h1>" in text
    assert "Missing staticfiles manifest entry" in caplog.text


def failing(get_response: object) -> object:
    def fail(request: object) -> None:
        raise RuntimeError

    return fail
