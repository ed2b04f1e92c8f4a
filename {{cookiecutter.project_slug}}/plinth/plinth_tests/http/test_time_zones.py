"""Times are shown in the zone of the user who is signed in, and nothing else depends on it."""

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.cache import cache, caches
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template import Engine, engines
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path
from django.utils import timezone
from django.views.generic import View
from pytest_django import Settings

from plinth.accounts.forms import ProfileForm
from plinth.cache.pages import ConditionalPageMixin, PrivatePageMixin, PublicPageMixin
from plinth.database.fields import TimeZoneField, time_zones
from plinth.http.time_zones import LazyTimeZone, TimeZoneMiddleware, time_zone_of
from plinth.mail import services
from plinth.testing.plugin import Commit
from plinth.testing.queries import queries
from plinth_tests.conftest import move_users

NOW = datetime(2026, 1, 1, 20, 30, tzinfo=UTC)
MIDDLEWARE = f"{TimeZoneMiddleware.__module__}.TimeZoneMiddleware"
SITE, USER = "2026-01-01 21:30", "2026-01-02 05:30"

pytestmark = pytest.mark.django_db


class TimeView(View):
    """A time in a template, or none."""

    cache_name = "pages"
    text = "{{ now|date:'Y-m-d H:i' }}"

    def get(self, request: HttpRequest) -> HttpResponse:
        template = engines["django"].from_string(self.text)
        return HttpResponse(template.render({"now": NOW}, request))


class PublicView(PublicPageMixin, TimeView):
    pass


class PrivateView(PrivatePageMixin, TimeView):
    pass


class ConditionalView(ConditionalPageMixin, TimeView):
    def get_last_modified(self) -> datetime:
        return NOW


urlpatterns = [
    path("", TimeView.as_view()),
    path("none/", TimeView.as_view(text="Hello")),
    path("public/", PublicView.as_view()),
    path("private/", PrivateView.as_view()),
    path("conditional/", ConditionalView.as_view()),
]


@pytest.fixture(autouse=True)
def pages(settings: Settings, site: Client) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    settings.TIME_ZONE = "Europe/Berlin"
    backend = "django.template.backends.django.DjangoTemplates"
    settings.TEMPLATES = [{"BACKEND": backend, "APP_DIRS": True}]
    if MIDDLEWARE not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]
    cache.clear()
    caches["process"].clear()
    yield
    timezone.deactivate()


@pytest.fixture
def signed_in(zone: None, user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_user_sees_times_in_the_own_zone(signed_in: Client, client: Client) -> None:
    assert signed_in.get("/").text == USER
    # The next request of this thread.
    assert client.get("/").text == SITE
    assert timezone.get_current_timezone() is timezone.get_default_timezone()


def test_user_without_a_zone_sees_the_sites(user: Any, client: Client) -> None:
    client.force_login(user)

    assert client.get("/").text == SITE


def test_ended_session_sees_the_sites_zone(client: Client, settings: Settings) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "ended"

    assert client.get("/").text == SITE


def test_page_without_a_time_reads_no_user(signed_in: Client) -> None:
    with queries() as sql:
        response = signed_in.get("/none/")

    assert sql == []
    assert "Cookie" not in response.get("Vary", "")


def test_anonymous_page_does_not_vary(client: Client) -> None:
    with queries() as sql:
        response = client.get("/")

    assert sql == []
    assert "Cookie" not in response.get("Vary", "")


@pytest.mark.parametrize("page", ["/public/", "/conditional/"])
def test_page_of_everybody_is_in_the_sites_zone(
    signed_in: Client, client: Client, page: str
) -> None:
    with queries() as sql:
        first = signed_in.get(page)

    assert (sql, first.text) == ([], SITE)
    assert client.get(page).text == SITE


def test_page_of_one_user_is_cached_by_zone(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signed_in.get("/private/").text == USER

    move_users(monkeypatch, "America/Lima")

    assert signed_in.get("/private/").text == "2026-01-01 15:30"


def test_async_request_has_the_users_zone(signed_in: Client) -> None:
    async def get() -> str:
        client = AsyncClient()
        client.cookies = signed_in.cookies
        return (await client.get("/")).content.decode()

    assert async_to_sync(get)() == USER


def test_lazy_zone_stands_for_the_users(
    rf: RequestFactory, zone: None, user: Any
) -> None:
    request = rf.get("/")
    request.user = user
    lazy, tokyo = LazyTimeZone(request), ZoneInfo("Asia/Tokyo")
    noon = datetime(2026, 7, 1, 12, tzinfo=tokyo)

    with timezone.override(lazy):
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
        local = timezone.localtime(NOW)
        made = timezone.make_aware(noon.replace(tzinfo=None))
    assert local.tzinfo is tokyo
    assert made == noon
    assert (made.dst(), made.tzname()) == (tokyo.dst(made), "JST")
    assert pickle.loads(pickle.dumps(made)).tzinfo is tokyo  # noqa: S301 (its own)


@pytest.mark.parametrize("name", ["Atlantis/Poseidonis", "../etc/passwd", "Europe", ""])
def test_unknown_zone_is_the_sites(name: str, user: Any) -> None:
    user.time_zone = name

    assert time_zone_of(user) is timezone.get_default_timezone()
    assert time_zone_of(None) is timezone.get_default_timezone()


def test_mail_is_in_the_zone_of_its_recipient(
    zone: None, user: Any, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Engine().from_string(TimeView.text)
    monkeypatch.setattr("django.template.Engine.get_template", lambda *_: text)

    with commit(), timezone.override("America/Lima"):
        services.send("trial", user.email, {"user": user, "now": NOW})
        services.send("trial", "bo@example.com", {"now": NOW})

    assert [message.subject for message in mail.outbox] == [USER, SITE]


def test_choices_are_the_sites_zone_and_places() -> None:
    (site, *others) = time_zones()

    assert site == ("", "The site's: Europe/Berlin")
    assert {("America/New_York", "America/New York"), ("UTC", "UTC")} <= {*others}
    assert not {"US/Eastern", "Etc/GMT+1", "localtime"} & dict(others).keys()


def test_column_refuses_what_is_no_choice() -> None:
    field = TimeZoneField()

    assert [field.clean(name, None) for name in ("", "UTC")] == ["", "UTC"]
    for name in ("../x", "US/Eastern", "europe/berlin"):
        with pytest.raises(ValidationError, match="is not a valid choice"):
            field.clean(name, None)


@pytest.mark.skipif(
    not hasattr(get_user_model(), "time_zone"), reason="needs User.time_zone"
)
def test_profile_saves_a_zone_that_exists(user: Any) -> None:
    form = {"name": user.name, "email": user.email}

    wrong = ProfileForm({**form, "time_zone": "Atlantis/Poseidonis"}, instance=user)
    right = ProfileForm({**form, "time_zone": "Asia/Tokyo"}, instance=user)

    assert "time_zone" in wrong.errors
    right.save()
    user.refresh_from_db()
    assert user.time_zone == "Asia/Tokyo"
    assert '<option value="Asia/Tokyo" selected>' in str(ProfileForm(instance=user))


def test_release_that_serves_can_insert_while_the_column_is_new() -> None:
    field = TimeZoneField()

    assert (field.default, field.has_db_default()) == ("", True)
    assert not field.null
