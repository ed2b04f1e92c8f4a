import re
from collections.abc import Iterator

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, RequestFactory
from django.urls import path, reverse, set_script_prefix
from django.utils import translation
from pytest_django import Settings

from plinth.http.languages import LanguageMiddleware, links

PAGE = """{% load i18n %}{% translate "Page not found" %}
{% for code, name, url in LANGUAGE_LINKS %}<a href="{{ url }}" lang="{{ code }}">{{ name }}</a>{% endfor %}
{{ other }}"""


def page(request: HttpRequest, pk: int = 0) -> HttpResponse:
    template = engines["django"].from_string(PAGE)
    return HttpResponse(template.render({"other": reverse("page")}, request))


urlpatterns = i18n_patterns(
    path("", page, name="home"),
    path("page/", page, name="page"),
    path("page/<int:pk>/", page, name="one"),
    prefix_default_language=False,
)


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    settings.ROOT_URLCONF = __name__
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    yield Client()
    translation.activate("en")
    set_script_prefix("/")


@pytest.mark.parametrize(
    ("address", "language", "text"),
    [
        ("/page/", "en", "Page not found"),
        ("/de/page/", "de", "Seite nicht gefunden"),
        ("/", "en", "Page not found"),
        ("/de/", "de", "Seite nicht gefunden"),
    ],
)
def test_path_names_the_language(
    address: str, language: str, text: str, client: Client
) -> None:
    client.cookies["django_language"] = "de" if language == "en" else "en"
    response = client.get(address, headers={"accept-language": "de, en;q=0.1"})

    assert text in response.text
    assert response["Content-Language"] == language
    # A cache needs one copy of the page.
    assert "Accept-Language" not in response.get("Vary", "")
    assert ("/de/page/" if language == "de" else "\n/page/") in response.text


def test_language_of_one_request_is_not_that_of_the_next(client: Client) -> None:
    client.get("/de/page/")

    assert "Page not found" in client.get("/page/").text
    # Refused before a view: the host is not allowed.
    client.get("/de/page/")
    response = client.get("/page/", headers={"host": "evil.example"})
    assert (response.status_code, response["Content-Language"]) == (400, "en")


def test_page_links_to_itself_in_each_language(client: Client) -> None:
    response = client.get("/de/page/3/?q=a&b=1")

    assert re.findall(r'href="(.*?)" lang="(.*?)"', response.text) == [
        ("/page/3/?q=a&amp;b=1", "en"),
        ("/de/page/3/?q=a&amp;b=1", "de"),
    ]


def test_links_stay_below_the_prefix_of_the_site(client: Client) -> None:
    set_script_prefix("/shop/")
    response = client.get("/page/", SCRIPT_NAME="/shop")

    assert re.findall(r'href="(.*?)"', response.text) == [
        "/shop/page/",
        "/shop/de/page/",
    ]
    missing = RequestFactory().get("/nowhere/", SCRIPT_NAME="/shop")
    assert {url for _, _, url in links(missing)} == {"/shop/nowhere/"}


def test_unknown_language_is_a_missing_page(client: Client) -> None:
    assert client.get("/fr/page/").status_code == 404


def test_single_language_costs_nothing(client: Client, settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English")]

    with pytest.raises(MiddlewareNotUsed):
        LanguageMiddleware(lambda request: HttpResponse())
    assert links(HttpRequest()) == []
    assert Client().get("/de/page/").status_code == 404
    assert "Content-Language" not in Client().get("/page/")
