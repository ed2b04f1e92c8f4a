"""Requests to the API: rate limit, idempotency keys, ETags, caching, CORS, documentation."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.cache import caches
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from pytest_django import Settings

from plinth.api import idempotency, throttling, tokens
from plinth.api.models import IdempotentResponse
from plinth.http import throttle
from plinth_tests.models import Document

DOCUMENTS = "/api/v1/documents/"
TOKENS = "/api/v1/account/tokens/"
NEW: dict[str, Any] = {"content_type": "application/json", "data": {"name": "a"}}


# Rate limit


def test_client_above_its_rate_is_told_when_to_return(
    api: Client, settings: Settings, user: Any, bearer: dict[str, str]
) -> None:
    settings.API_RATES = {"anonymous": (2, 3600), "user": (1, 3600)}
    wrong = {"Authorization": "Bearer pat_wrong"}

    assert api.get(DOCUMENTS).status_code == 200
    # A wrong token counts: it does not make a new client.
    assert api.get(DOCUMENTS, headers=wrong).status_code == 401
    refused = api.get(DOCUMENTS)

    assert refused.status_code == 429
    assert refused.json()["status"] == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    # Clients are counted apart.
    assert api.get(DOCUMENTS, REMOTE_ADDR="192.0.2.1").status_code == 200
    assert api.get(TOKENS, headers=bearer).status_code == 200
    assert api.get(TOKENS, headers=bearer).status_code == 429


def test_rate_is_exact_with_threads(settings: Settings) -> None:
    settings.API_RATES = {"anonymous": (20, 3600)}
    for cache in caches.all():
        cache.clear()
    request: Any = RequestFactory().get(DOCUMENTS)
    request.user = type("Anonymous", (), {"is_authenticated": False})()

    with ThreadPoolExecutor(8) as threads:
        waits = [*threads.map(lambda _: throttling.hit(request), range(60))]

    assert waits.count(0) == 20


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8::1", "2001:db8::/64"),
        ("", ""),
    ],
)
def test_ipv6_client_is_its_network(address: str, client: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)

    assert throttle.client_network(request) == client


# Idempotency keys


def test_repeated_post_gets_the_first_response(
    api: Client, bearer: dict[str, str]
) -> None:
    headers = bearer | {"Idempotency-Key": "one"}
    first = api.post(DOCUMENTS, **NEW, headers=headers)
    again = api.post(DOCUMENTS, **NEW, headers=headers)

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json() == {"name": "a", "count": 7}
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert Document.objects.count() == 1


def test_key_of_another_request_is_refused(api: Client, bearer: dict[str, str]) -> None:
    headers = bearer | {"Idempotency-Key": "one"}
    api.post(DOCUMENTS, **NEW, headers=headers)

    other = api.post(DOCUMENTS, **NEW | {"data": {"name": "b"}}, headers=headers)

    assert other.status_code == 422
    assert Document.objects.count() == 1


def test_key_belongs_to_its_user_and_expires(
    api: Client, bearer: dict[str, str]
) -> None:
    other = get_user_model().objects.create_user("bo@example.com")
    _, key = tokens.create(other, "phone")
    headers = {"Idempotency-Key": "one"}
    api.post(DOCUMENTS, **NEW, headers=bearer | headers)
    second = NEW | {"data": {"name": "b"}}

    response = api.post(
        DOCUMENTS, **second, headers=headers | {"Authorization": f"Bearer {key}"}
    )
    assert response.json()["name"] == "b"

    IdempotentResponse.objects.update(created=timezone.now() - timedelta(days=2))
    third = NEW | {"data": {"name": "c"}}
    response = api.post(DOCUMENTS, **third, headers=bearer | headers)
    assert response.json()["name"] == "c"


def test_failure_and_secret_are_not_stored(
    api: Client, user: Any, bearer: dict[str, str]
) -> None:
    headers = {"Idempotency-Key": "one"}
    assert api.post(TOKENS, **NEW, headers=bearer | headers).status_code == 403
    api.force_login(user)

    keys = {api.post(TOKENS, **NEW, headers=headers).json()["key"] for _ in range(2)}

    assert len(keys) == 2
    assert not IdempotentResponse.objects.exists()


def test_error_response_rolls_back_the_writes_of_its_view(
    api: Client, bearer: dict[str, str]
) -> None:
    headers = bearer | {"Idempotency-Key": "one"}

    for _ in range(2):
        response = api.post("/api/v1/fail/", **NEW, headers=headers)
        assert response.status_code == 403

    assert not Document.objects.exists()
    assert not IdempotentResponse.objects.exists()


def test_repeated_redirect_has_its_location(
    api: Client, bearer: dict[str, str]
) -> None:
    headers = bearer | {"Idempotency-Key": "one"}

    for _ in range(2):
        response = api.post("/api/v1/move/", **NEW, headers=headers)
        assert response.status_code == 303
        assert response.headers["Location"] == "/documents/a/"

    assert Document.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "status"), [("55P03", 409), ("57014", 409), ("57P01", 500)]
)
def test_time_out_of_a_lock_alone_is_a_request_in_progress(
    api: Client,
    bearer: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    status: int,
) -> None:
    def fail(self: object, **options: object) -> None:
        cause = Exception()
        cause.sqlstate = state  # type: ignore[attr-defined]
        raise OperationalError from cause

    monkeypatch.setattr(IdempotentResponse, "save", fail)
    headers = bearer | {"Idempotency-Key": "one"}

    response = api.post(DOCUMENTS, **NEW, headers=headers)

    assert response.status_code == status
    assert response.headers.get("Retry-After") == ("1" if status == 409 else None)
    assert not Document.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_concurrent_request_waits_for_the_first(user: Any) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    begun = Event()

    def respond() -> HttpResponse:
        begun.set()
        # Time for the other request, which waits for this transaction.
        time.sleep(0.5)
        return HttpResponse(Document.objects.create(name="a").name, status=201)

    def send(wait: bool) -> HttpResponseBase:
        if wait:
            begun.wait(10)
        request: Any = RequestFactory().post(DOCUMENTS, **NEW)
        request.user = user
        try:
            return idempotency.respond_once(request, "one", respond)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(send, [False, True])

    assert first.status_code == second.status_code == 201
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Document.objects.count() == 1
    # Tables of no installed app.
    IdempotentResponse.objects.all().delete()
    Document.objects.all().delete()


class RefuseMiddleware(MiddlewareMixin):
    def process_view(self, request: HttpRequest, *args: object) -> HttpResponse:
        return HttpResponse(status=403)


def test_key_passes_no_middleware_by(
    api: Client, settings: Settings, bearer: dict[str, str]
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.RefuseMiddleware"]
    headers = bearer | {"Idempotency-Key": "one"}

    assert api.post(DOCUMENTS, **NEW, headers=headers).status_code == 403
    assert not Document.objects.exists()


def test_malformed_key_is_refused(api: Client, bearer: dict[str, str]) -> None:
    for key in ("x" * 201, "a\x07", ""):
        headers = bearer | {"Idempotency-Key": key}
        assert api.post(DOCUMENTS, **NEW, headers=headers).status_code == 400
    assert not Document.objects.exists()


# Caching


def test_unchanged_response_is_not_sent_again(
    api: Client, bearer: dict[str, str]
) -> None:
    for path, headers in ((DOCUMENTS, {}), (TOKENS, bearer)):
        first = api.get(path, headers=headers)
        match = headers | {"If-None-Match": first.headers["ETag"]}
        second = api.get(path, headers=match)
        assert second.status_code == 304
        assert second.content == b""

    Document.objects.create(name="new")
    changed = api.get(DOCUMENTS, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_responses_are_private_unless_a_view_says_otherwise(
    api: Client, user: Any, bearer: dict[str, str]
) -> None:
    everybody = api.get(DOCUMENTS)
    assert "public" in everybody.headers["Cache-Control"]
    assert "Cookie" not in everybody.headers.get("Vary", "")

    for path in (DOCUMENTS, TOKENS):
        own = api.get(path, headers=bearer).headers["Cache-Control"]
        assert "private" in own
        assert "public" not in own


def test_head_is_a_get_without_a_body(api: Client) -> None:
    head, get = api.head(DOCUMENTS), api.get(DOCUMENTS)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(get.content))


# CORS


def test_other_origin_is_allowed_by_its_name(api: Client) -> None:
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    known, unknown = (
        api.options(DOCUMENTS, headers=ask | {"Origin": f"https://{name}.example.com"})
        for name in ("app", "evil")
    )

    assert known.status_code == 200
    allowed = known.headers["Access-Control-Allow-Headers"]
    assert {"authorization", "idempotency-key"} <= {*allowed.split(", ")}
    assert known.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "Access-Control-Allow-Credentials" not in known.headers
    assert "Access-Control-Allow-Origin" not in unknown.headers
    error = api.get("/api/v1/nothing/", headers={"Origin": "https://app.example.com"})
    assert error.headers["Access-Control-Allow-Origin"] == "https://app.example.com"


# Times


def test_times_are_in_utc_whatever_the_zones(
    api: Client, user: Any, zone: None, settings: Settings
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    token, _ = tokens.create(user, "laptop")
    api.force_login(user)

    (shown,) = api.get(TOKENS).json()["results"]

    assert shown["expires"].endswith("Z")
    seconds = datetime.fromisoformat(shown["expires"]) - token.expires
    assert abs(seconds) < timedelta(seconds=1)
    assert timezone.get_current_timezone_name() == "Europe/Berlin"


# Documentation


def test_schema_describes_errors_and_users(api: Client) -> None:
    schema = api.get("/api/v1/openapi.json").json()

    assert schema["openapi"].startswith("3.1")
    path = schema["paths"][TOKENS]
    assert path["get"]["security"] == [{"Token": []}, {"Session": []}]
    assert "application/problem+json" in path["get"]["responses"]["default"]["content"]
    documents = schema["paths"][DOCUMENTS]["post"]
    assert any(each["name"] == "Idempotency-Key" for each in documents["parameters"])
    # Its response has a secret, and is not stored.
    assert not path["post"].get("parameters")


def test_schema_is_one_whatever_the_query(api: Client) -> None:
    response = api.get("/api/v1/openapi.json?version=a%0d%0aX%22")

    assert response.status_code == 200
    assert "X" not in response.headers.get("Content-Disposition", "")


def test_documentation_needs_no_other_origin(
    api: Client, framework: str, settings: Settings
) -> None:
    package = import_module(
        {"drf": "drf_spectacular_sidecar", "ninja": "ninja"}[framework]
    )
    page: Any = api.get("/api/v1/docs/")

    assert page.status_code == 200
    assert "//" not in page.text.replace("<!DOCTYPE html>", "")
    for name in ("script", "style"):
        file = page.context_data[name]
        assert f'"{settings.STATIC_URL}{file}"' in page.text
        assert Path(package.__path__[0], "static", file).exists()
    assert finders.find("plinth/api_docs.js")
