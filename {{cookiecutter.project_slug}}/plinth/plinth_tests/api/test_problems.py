"""Errors of the API: each is a problem of RFC 9457, and none but its own fault is 5xx."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

DOCUMENTS = "/api/v1/documents/"
TOKENS = "/api/v1/account/tokens/"


def assert_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "no-store" in response.headers["Cache-Control"]
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem.keys() >= {"type", "title", "detail"}
    return problem


def test_missing_user_is_challenged(api: Client) -> None:
    response = api.get(TOKENS)

    assert_problem(response, 401)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v1/documents", "/api/v2/"])
def test_unknown_path_is_not_found(api: Client, path: str) -> None:
    assert_problem(api.get(path), 404)
    assert_problem(api.post(path, {}, "application/json"), 404)


def test_other_method_is_not_allowed(api: Client, bearer: dict[str, str]) -> None:
    for method in ("PUT", "TRACE", "OPTIONS", "QUERY"):
        response = api.generic(method, TOKENS, headers=bearer)

        assert_problem(response, 405)
        allowed = set(response.headers["Allow"].split(", "))
        assert {"GET", "POST"} <= allowed
        assert method not in allowed


def test_unexpected_error_tells_nothing(api: Client, settings: Settings) -> None:
    for debug in (False, True):
        settings.DEBUG = debug
        response = api.get("/api/v1/fail/")

        assert_problem(response, 500)
        assert b"trial" not in response.content


def test_session_needs_the_csrf_token(api: Client, user: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)

    assert strict.get(TOKENS).status_code == 200
    response = strict.post(TOKENS, {"name": "a"}, "application/json")

    assert "CSRF" in assert_problem(response, 403)["detail"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": ' * 50_000, "application/json", 400),
        (b'{"name": ' + b"9" * 5_000 + b"}", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"name": "a\\u0000b"}', "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b'{"\\ud800": 1}', "application/json", 400),
        ('{"name": "a"}'.encode("utf-16"), "application/json", 400),
        ('{"name": "a"}'.encode("utf-16-le"), "application/json", 400),
        (b'{"name": {"a": []}}', "application/json", 400),
        (b'{"name": "a", "count": "x"}', "application/json", 400),
        (b'{"name": "a"}', "text/plain", 415),
        (b"name=a", "application/x-www-form-urlencoded", 415),
        (b'{"name": "a"}', "application/json; charset=utf-16", 415),
        (b'{"name": "a"}', "application/json; charset=zlib", 415),
        (b'{"name": "a"}', "", 415),
        (b" " * 2_700_000, "application/json", 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_hostile_body_is_refused(
    api: Client, bearer: dict[str, str], body: bytes, content_type: str, status: int
) -> None:
    response = api.generic("POST", DOCUMENTS, body, content_type, headers=bearer)

    assert_problem(response, status)


@pytest.mark.parametrize(
    "query",
    [
        *("page_size=0", "page_size=101", f"page_size={'9' * 5_000}", "page_size=x"),
        *("page_size=-1", "after=x", "after=%00", f"after={'9' * 30}", "after=1~2"),
        *(f"after={'a' * 5_000}", "after=%ff", "page_size=%00"),
    ],
    ids=lambda value: value[:20],
)
def test_hostile_query_is_refused(api: Client, query: str) -> None:
    assert_problem(api.get(f"{DOCUMENTS}?{query}"), 400)


def test_invalid_fields_are_named(api: Client, user: Any) -> None:
    api.force_login(user)
    response = api.post(TOKENS, {"days": 1_000}, "application/json")

    errors = assert_problem(response, 400)["errors"]
    assert {error["pointer"] for error in errors} == {"#/name", "#/days"}
    assert all(error["detail"] for error in errors)

    (error,) = assert_problem(api.get(f"{DOCUMENTS}?page_size=0"), 400)["errors"]
    assert error["parameter"] == "page_size"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "a", "day": 7}, "#/day"),
        ({"name": "a", "created": 7}, "#/created"),
        ({"name": "a", "~a/b": 7}, "#/~0a~1b"),
        ([], "#"),
    ],
)
def test_place_that_is_refused_has_a_json_pointer(
    api: Client, user: Any, body: Any, pointer: str
) -> None:
    """Of fields that are unknown or read-only, and of a whole body."""
    api.force_login(user)
    response = api.post(TOKENS, body, "application/json")

    (error,) = assert_problem(response, 400)["errors"]
    assert error["pointer"] == pointer


def test_page_outside_of_the_api_keeps_its_errors(api: Client) -> None:
    response = api.get("/nothing/")

    assert response.status_code == 404
    assert response.headers["Content-Type"] != "application/problem+json"
