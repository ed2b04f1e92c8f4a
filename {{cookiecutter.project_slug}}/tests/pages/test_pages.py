import re
from http import HTTPStatus

import pytest
from django.contrib.staticfiles import finders
from django.db import DatabaseError
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import escape
from pytest_django import Settings

from apps.pages import views


def test_the_home_page_names_the_site_and_asks_the_database_nothing(
    client: Client, settings: Settings
) -> None:
    response = client.get(reverse("pages:home"))

    assert response.status_code == HTTPStatus.OK
    assert escape(settings.SITE_NAME) in response.text


def test_robots_may_read_the_site(client: Client) -> None:
    response = client.get("/robots.txt")

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "User-agent: *" in response.text


def test_a_finder_of_a_hole_learns_where_to_write(
    client: Client, settings: Settings
) -> None:
    response = client.get("/.well-known/security.txt")

    assert f"Contact: mailto:{settings.SECURITY_CONTACT}" in response.text
    expires = re.search(r"^Expires: (.+)$", response.text, re.MULTILINE)
    assert expires
    moment = parse_datetime(expires[1])
    assert moment
    # RFC 9116 recommends less than a year.
    assert 30 < (moment - timezone.now()).days < 365


def test_the_favicon_is_found_at_the_root(client: Client) -> None:
    response = client.get("/favicon.ico")

    assert finders.find(response.headers["Location"].removeprefix("/static/"))


def test_a_wrong_address_gets_the_sites_own_page(client: Client) -> None:
    response = client.post("/nowhere/")

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert 'rel="icon"' in response.text


def test_a_form_without_its_token_gets_the_sites_own_page() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("accounts:sign-in"))

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert 'rel="icon"' in response.text


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (views.BadRequestView, HTTPStatus.BAD_REQUEST),
        (views.ForbiddenView, HTTPStatus.FORBIDDEN),
        (views.ServerErrorView, HTTPStatus.INTERNAL_SERVER_ERROR),
    ],
)
def test_each_error_has_a_page(
    rf: RequestFactory, view: type[views.ErrorView], status: HTTPStatus
) -> None:
    response = view.as_view()(rf.post("/"), exception=Exception())

    assert isinstance(response, TemplateResponse)
    assert response.status_code == status
    assert 'rel="icon"' in response.render().text


def test_the_page_for_an_error_needs_no_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason for the error may be that the database is gone."""

    def fail(*args: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(views.HomeView, "get", fail)
    client.cookies["sessionid"] = "of-somebody-signed-in"
    client.raise_request_exception = False

    response = client.get("/")  # no `db` fixture: a query would fail the test

    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert 'rel="icon"' in response.text
