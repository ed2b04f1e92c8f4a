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


def test_home_page_names_the_site_without_a_query(
    client: Client, settings: Settings
) -> None:
    response = client.get(reverse("pages:home"))

    assert response.status_code == HTTPStatus.OK
    assert escape(settings.SITE_NAME) in response.text


@pytest.mark.practice(57)
@pytest.mark.parametrize("name", ["pages:home", "accounts:sign-in"])
def test_page_has_no_inline_code_that_the_policy_blocks(
    client: Client, name: str
) -> None:
    page = client.get(reverse(name)).text

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src|nonce)=)", page)


def test_robots_txt_allows_the_site(client: Client) -> None:
    response = client.get("/robots.txt")

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "User-agent: *" in response.text


def test_security_txt_names_a_contact(client: Client, settings: Settings) -> None:
    response = client.get("/.well-known/security.txt")

    assert f"Contact: mailto:{settings.SECURITY_CONTACT}" in response.text
    expires = re.search(r"^Expires: (.+)$", response.text, re.MULTILINE)
    assert expires
    moment = parse_datetime(expires[1])
    assert moment
    # RFC 9116 recommends less than a year.
    assert 30 < (moment - timezone.now()).days < 365


def test_favicon_is_found_at_the_root(client: Client) -> None:
    response = client.get("/favicon.ico")

    assert finders.find(response.headers["Location"].removeprefix("/static/"))


def test_error_pages_are_the_sites_own(client: Client) -> None:
    responses = [
        client.post("/nowhere/"),
        Client(enforce_csrf_checks=True).post(reverse("accounts:sign-in")),
    ]

    assert [each.status_code for each in responses] == [404, 403]
    assert all('rel="icon"' in each.text for each in responses)
    assert "This form has expired" in responses[1].text


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (views.BadRequestView, HTTPStatus.BAD_REQUEST),
        (views.ForbiddenView, HTTPStatus.FORBIDDEN),
        (views.ServerErrorView, HTTPStatus.INTERNAL_SERVER_ERROR),
    ],
)
def test_error_page_has_its_status(
    rf: RequestFactory, view: type[views.ErrorView], status: HTTPStatus
) -> None:
    response = view.as_view()(rf.post("/"), exception=Exception())

    assert isinstance(response, TemplateResponse)
    assert response.status_code == status
    assert f">{status.value}<" in response.render().text


def test_page_of_a_server_error_makes_no_query(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(views.HomeView, "get", fail)
    client.cookies["sessionid"] = "of-a-signed-in-user"
    client.raise_request_exception = False

    response = client.get("/")  # without the `db` fixture a query fails

    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert 'rel="icon"' in response.text
