"""Internals of Django that the project relies on; docs/internals.md says for what.

Django's documentation promises none of them. When a test fails after an upgrade, read what
changed before repairing the test.
"""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django import forms
from django.contrib.auth import login
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.files.storage.handler import InvalidStorageError, StorageHandler
from django.core.signals import request_finished, request_started
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import AsyncClient, Client, RequestFactory
from django.utils.csp import CSP, LazyNonce, build_policy
from django.utils.deprecation import MiddlewareMixin
from django.utils.encoding import force_bytes
from django.utils.functional import LazyObject, empty
from django.utils.http import urlsafe_base64_encode
from pytest_django import Settings

from plinth.forms import BoundField, FormRenderer
from plinth.mail.models import Suppression

from .urls import PageView

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


class RespondingMiddleware(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("responded")


@pytest.fixture(autouse=True)
def _site_of_one_page(settings: Settings) -> None:
    settings.ROOT_URLCONF = "plinth_tests.docs.urls"
    settings.MIDDLEWARE = []
    passed.clear()


def use(settings: Settings, *middleware: type[MiddlewareMixin]) -> None:
    settings.MIDDLEWARE = [f"{each.__module__}.{each.__name__}" for each in middleware]


def test_first_middleware_is_outermost_and_url_is_resolved_inside(
    client: Client, settings: Settings
) -> None:
    use(settings, OuterMiddleware, InnerMiddleware)

    client.get("/page/")

    assert passed == [
        "OuterMiddleware False",
        "InnerMiddleware False",
        "InnerMiddleware True",
        "OuterMiddleware True",
    ]


def test_middleware_that_responds_ends_the_chain(
    client: Client, settings: Settings
) -> None:
    use(settings, OuterMiddleware, RespondingMiddleware, InnerMiddleware)

    assert client.get("/page/").text == "responded"
    assert passed == ["OuterMiddleware False", "OuterMiddleware False"]


def test_exception_reaches_middleware_as_a_response(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, OuterMiddleware)
    monkeypatch.setattr(PageView, "get", lambda *_: 1 / 0)
    client.raise_request_exception = False

    assert client.get("/page/").status_code == 500
    assert len(passed) == 2


@pytest.mark.parametrize(
    ("middleware", "status"),
    [([], 200), (["django.middleware.common.CommonMiddleware"], 400)],
)
def test_host_is_checked_by_middleware_and_not_by_the_handler(
    client: Client, settings: Settings, middleware: list[str], status: int
) -> None:
    settings.MIDDLEWARE = middleware

    response = client.get("/page/", headers={"host": "10.1.2.3"})

    assert response.status_code == status


def test_asgi_request_keeps_its_context_variables(settings: Settings) -> None:
    settings.MIDDLEWARE = ["plinth.logs.middleware.RequestLogMiddleware"]
    name = "the-id-of-this-request"

    response = async_to_sync(AsyncClient().get)(
        "/page/", headers={"x-request-id": name}
    )

    assert response.headers["X-Request-ID"] == name


# Views


def test_error_handler_may_return_a_template_response(client: Client) -> None:
    response = client.get("/nowhere/")

    assert isinstance(response, TemplateResponse)
    assert response.is_rendered


def test_as_view_names_its_class() -> None:
    assert vars(PageView.as_view())["view_class"] is PageView


def test_form_renderer_chooses_the_class_of_bound_fields() -> None:
    class NameForm(forms.Form):
        name = forms.CharField()

    assert type(NameForm(renderer=FormRenderer())["name"]) is BoundField


def test_csp_nonce_is_lazy() -> None:
    nonce = LazyNonce()
    policy = {"script-src": [CSP.SELF, CSP.NONCE]}

    assert build_policy(policy, nonce) == "script-src 'self'"
    value = str(nonce)
    assert build_policy(policy, nonce) == f"script-src 'self' 'nonce-{value}'"


# Sessions and users


def test_user_is_lazy(rf: RequestFactory) -> None:
    request = rf.get("/")

    SessionMiddleware(AuthenticationMiddleware(lambda _: HttpResponse()))(request)

    assert isinstance(request.user, LazyObject)
    assert request.user._wrapped is empty  # noqa: SLF001


def test_session_is_lazy(client: Client, settings: Settings) -> None:
    use(settings, SessionMiddleware, AuthenticationMiddleware)
    client.cookies[settings.SESSION_COOKIE_NAME] = "of-a-signed-in-user"

    # Without the `db` fixture, a query would fail the test.
    assert client.get("/page/").status_code == 200


def test_login_changes_the_session_key(rf: RequestFactory, user: Any) -> None:
    request = rf.post("/")
    request.session = SessionStore()
    request.session["basket"] = "full"
    request.session.save()
    planted = str(request.session.session_key)

    login(request, user, backend="django.contrib.auth.backends.ModelBackend")

    assert request.session["basket"] == "full"
    assert request.session.session_key != planted
    assert not request.session.exists(planted)


def test_password_reset_form_has_no_token_in_its_url(
    rf: RequestFactory, user: Any
) -> None:
    token = default_token_generator.make_token(user)
    name = urlsafe_base64_encode(force_bytes(user.pk))
    view: Any = PasswordResetConfirmView.as_view(success_url="/")
    link = rf.get(f"/reset/{name}/{token}/")
    link.session = SessionStore()

    to_form = view(link, uidb64=name, token=token)

    assert token not in to_form.url
    form = rf.get(to_form.url)
    form.session = link.session
    *_, hidden = filter(None, to_form.url.split("/"))
    assert view(form, uidb64=name, token=hidden).context_data["validlink"]


# Connections, storages, fields


def test_old_connections_are_closed_around_each_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[str] = []
    connections["default"]  # an alias that was never used has no connection to close
    monkeypatch.setattr(
        BaseDatabaseWrapper,
        "close_if_unusable_or_obsolete",
        lambda self: closed.append(self.alias),
    )

    request_started.send(None, environ={})
    request_finished.send(None)

    assert closed == ["default", "default"]


def test_storage_is_lazy() -> None:
    storages = StorageHandler({"default": {"BACKEND": "nowhere.Storage"}})  # type: ignore[dict-item]

    with pytest.raises(InvalidStorageError):
        storages["default"]


def test_field_prepares_lookup_values() -> None:
    query = Suppression.objects.filter(address="Ann@Example.com").query

    assert "ann@example.com" in str(query)
