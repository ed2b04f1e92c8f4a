import re
from http import HTTPStatus

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import escape
from pytest_django import Settings


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

    # JSON is data.
    code = r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src=|nonce=|json))"
    assert not re.search(code, page)


def test_robots_txt_allows_the_site(client: Client) -> None:
    response = client.get("/robots.txt")

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "User-agent: *" in response.text


@pytest.mark.django_db
def test_sitemap_leads_to_the_sitemaps_of_apps(client: Client) -> None:
    index = client.get("/sitemap.xml")

    sections = re.findall("<loc>http://testserver(.+?)</loc>", index.text)
    assert "/sitemap-pages.xml" in sections
    assert "<loc>http://testserver/</loc>" in client.get("/sitemap-pages.xml").text
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").text
    for section in sections:
        assert client.get(section).status_code == HTTPStatus.OK


def test_manifest_names_the_site_and_its_icon(
    client: Client, settings: Settings
) -> None:
    manifest = client.get("/site.webmanifest").json()

    assert manifest["name"] == settings.SITE_NAME
    assert finders.find(manifest["icons"][0]["src"].removeprefix("/static/"))


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
