"""What this project relies on inside Django, pinned; docs/internals.md tells the story.

None of it is promised by Django's documentation in so many words. When one of these
tests fails after an upgrade, read what changed before you repair the test.
"""

import inspect
import pydoc
import re
import sys
from pathlib import Path

import django
import pytest
from asgiref.sync import async_to_sync
from django import forms
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.files.storage.handler import InvalidStorageError, StorageHandler
from django.core.signals import request_finished, request_started
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import reverse
from django.utils.csp import CSP, LazyNonce, build_policy
from django.utils.deprecation import MiddlewareMixin
from django.utils.encoding import force_bytes
from django.utils.functional import LazyObject, empty
from django.utils.http import urlsafe_base64_encode
from pytest_django import Settings

from apps.accounts.models import User
from apps.pages.views import HomeView, RobotsView
from plinth.forms import BoundField
from plinth_tests.conftest import PASSWORD

pytestmark = pytest.mark.practice(58)

# Middleware

passed: list[str] = []


class OuterMiddleware(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        passed.append(f"{type(self).__name__} {bool(request.resolver_match)}")
        return None

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        passed.append(f"{type(self).__name__} {bool(request.resolver_match)}")
        return response


class InnerMiddleware(OuterMiddleware):
    pass


class AnsweringMiddleware(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("answered")


@pytest.fixture(autouse=True)
def _nothing_passed() -> None:
    passed.clear()


def use(settings: Settings, *middleware: type[MiddlewareMixin]) -> None:
    settings.MIDDLEWARE = [f"{__name__}.{each.__name__}" for each in middleware]


def test_the_first_middleware_is_the_outermost_and_the_url_is_matched_inside(
    client: Client, settings: Settings
) -> None:
    use(settings, OuterMiddleware, InnerMiddleware)

    client.get("/robots.txt")

    assert passed == [
        "OuterMiddleware False",
        "InnerMiddleware False",
        "InnerMiddleware True",
        "OuterMiddleware True",
    ]


def test_a_middleware_that_answers_is_the_last_one_asked(
    client: Client, settings: Settings
) -> None:
    use(settings, OuterMiddleware, AnsweringMiddleware, InnerMiddleware)

    assert client.get("/robots.txt").text == "answered"
    assert passed == ["OuterMiddleware False", "OuterMiddleware False"]


def test_an_error_reaches_the_middleware_as_an_answer(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, OuterMiddleware)
    monkeypatch.setattr(RobotsView, "get", lambda *_: 1 / 0)
    client.raise_request_exception = False

    assert client.get("/robots.txt").status_code == 500
    assert len(passed) == 2


@pytest.mark.parametrize(
    ("middleware", "status"),
    [([], 200), (["django.middleware.common.CommonMiddleware"], 400)],
)
def test_the_host_is_checked_by_who_asks_for_it(
    client: Client, settings: Settings, middleware: list[str], status: int
) -> None:
    settings.MIDDLEWARE = middleware

    response = client.get("/robots.txt", headers={"host": "10.1.2.3"})

    assert response.status_code == status


def test_under_asgi_a_request_keeps_its_context() -> None:
    name = "the-name-of-this-request"

    response = async_to_sync(AsyncClient().get)(
        "/robots.txt", headers={"x-request-id": name}
    )

    assert response.headers["X-Request-ID"] == name


# Views


def test_the_page_for_an_error_may_be_a_template_response(client: Client) -> None:
    response = client.get("/nowhere/")

    assert isinstance(response, TemplateResponse)
    assert response.is_rendered


def test_a_class_says_which_view_it_is() -> None:
    assert vars(HomeView.as_view())["view_class"] is HomeView


def test_a_form_makes_its_fields_as_its_renderer_says() -> None:
    class NameForm(forms.Form):
        name = forms.CharField()

    assert type(NameForm()["name"]) is BoundField


def test_a_nonce_is_made_when_a_page_asks_for_it() -> None:
    nonce = LazyNonce()
    policy = {"script-src": [CSP.SELF, CSP.NONCE]}

    assert build_policy(policy, nonce) == "script-src 'self'"
    made = str(nonce)
    assert build_policy(policy, nonce) == f"script-src 'self' 'nonce-{made}'"


# Sessions and people


def test_nobody_is_looked_up_before_somebody_asks(rf: RequestFactory) -> None:
    request = rf.get("/")

    SessionMiddleware(AuthenticationMiddleware(lambda _: HttpResponse()))(request)

    assert isinstance(request.user, LazyObject)
    assert request.user._wrapped is empty  # noqa: SLF001


def test_a_session_is_read_when_it_is_used(client: Client) -> None:
    client.cookies["sessionid"] = "of-somebody-signed-in"

    response = client.get("/robots.txt")  # no `db` fixture: a query would fail the test

    assert response.status_code == 200


def test_signing_in_gives_the_session_another_key(client: Client, user: User) -> None:
    session = client.session
    session["basket"] = "kept"
    session.save()
    before = session.session_key or ""
    client.cookies[settings.SESSION_COOKIE_NAME] = before

    client.post(
        reverse("accounts:sign-in"), {"username": user.email, "password": PASSWORD}
    )

    assert client.session["basket"] == "kept"
    assert client.session.session_key != before
    assert not session.exists(before)


def test_the_address_of_a_reset_hides_its_token(client: Client, user: User) -> None:
    token = default_token_generator.make_token(user)
    name = urlsafe_base64_encode(force_bytes(user.pk))

    response = client.get(
        reverse("accounts:password-reset-confirm", args=[name, token]), follow=True
    )

    ((address, _),) = response.redirect_chain
    assert token not in address
    assert response.resolver_match.kwargs["token"] in address
    assert response.context["validlink"]


# Connections, storages, fields


def test_old_connections_are_closed_around_each_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[str] = []
    connections["default"]  # one that was never asked for is not closed either
    monkeypatch.setattr(
        BaseDatabaseWrapper,
        "close_if_unusable_or_obsolete",
        lambda self: closed.append(self.alias),
    )

    request_started.send(None, environ={})
    request_finished.send(None)

    assert closed == ["default", "default"]


def test_a_storage_is_made_when_it_is_first_used() -> None:
    storages = StorageHandler({"default": {"BACKEND": "nowhere.Storage"}})  # type: ignore[dict-item]

    with pytest.raises(InvalidStorageError):
        storages["default"]


def test_a_field_prepares_what_is_looked_up() -> None:
    assert "ann@example.com" in str(User.objects.filter(email="Ann@Example.com").query)


# The document

DOCUMENT = settings.BASE_DIR / "docs/internals.md"
LINK = re.compile(r"\[`([\w.]+)`\]\(([^)]+)\)")
DJANGO = "https://github.com/django/django/blob/stable/{}.{}.x/".format(*django.VERSION)
LINKS = sorted(set(LINK.findall(DOCUMENT.read_text())))


@pytest.mark.parametrize(("name", "address"), LINKS)
def test_a_link_of_the_document_leads_to_what_it_names(name: str, address: str) -> None:
    thing = pydoc.locate(name)
    assert thing, f"{name} is gone"

    file = Path(inspect.getsourcefile(inspect.unwrap(thing)) or "")  # type: ignore[arg-type]
    if name.startswith("django."):
        assert address.startswith(DJANGO), "read it again in this release of Django"
        assert file.as_posix().endswith("/" + address.removeprefix(DJANGO))
    else:
        assert (DOCUMENT.parent / address).resolve() == file


def test_the_document_tells_why_each_of_these_is_relied_on() -> None:
    tests = {
        name
        for name in vars(sys.modules[__name__])
        if name.startswith("test_") and "document" not in name
    }

    assert set(re.findall(r"`(test_\w+)`", DOCUMENT.read_text())) == tests
