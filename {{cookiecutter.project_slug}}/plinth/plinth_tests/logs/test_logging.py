"""Logs: the access log, JSON lines in production, no personal data."""

import json
import logging
import os
import re
import sys
import time
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from plinth.logs import queries
from plinth.logs.formatters import (
    JsonFormatter,
    ReadableFormatter,
    RequestIdFilter,
    request_id,
)
from plinth.logs.masking import mask
from plinth_tests import site as small_site
from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.practice(67)

MIDDLEWARE = "plinth.logs.middleware"
# In a process of its own: what a log collector reads.
REQUEST = r"""
import logging
early = logging.getLogger("a.library")
import config.wsgi
from django.conf import settings
from django.test import Client
from plinth_tests import site
site.use(settings)
early.info("It's %s", "older than Django\nand née")
early.debug("for its author")
response = Client(headers={"host": "example.com"}).get(
    "/plain/?email=ann@example.com",
    secure=True,
    headers={"x-request-id": "named-by-the-proxy", "cookie": "sessionid=secret"},
    REMOTE_ADDR="",  # through a unix socket, which is trusted
)
"""


def lines_of(stderr: str) -> list[dict[str, Any]]:
    """Return the JSON lines; Python's own warnings are none."""
    return [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]


@pytest.mark.practice(64)
def test_production_logs_json_lines() -> None:
    early, line = lines_of(run_code(REQUEST, **EMBEDDED).stderr)

    # A logger that is older than Django's configuration.
    assert early["name"] == "a.library"
    assert early["message"] == "It's older than Django\nand née"

    assert line.pop("duration_ms") > 0
    assert datetime.fromisoformat(line.pop("time")).tzinfo
    assert line.pop("message").startswith("GET /plain/ 200 ")
    # No IP address, no query string, no cookie.
    assert line == {
        "level": "INFO",
        "name": MIDDLEWARE,
        "request_id": "named-by-the-proxy",
        "method": "GET",
        "path": "/plain/",
        "view": "plinth_tests.site.plain",
        "status": 200,
        "queries": 0,
        "query_ms": 0.0,
        "user_id": None,
    }


def test_level_is_a_variable() -> None:
    done = run_code(REQUEST, **EMBEDDED | {"LOG_LEVEL": "WARNING"})

    assert lines_of(done.stderr) == []


# Requests that any client can send.
REJECTED = """
import config.wsgi
from django.conf import settings
from django.test import Client
from plinth_tests import site
site.use(settings)
client = Client(headers={"host": "example.com"}, enforce_csrf_checks=True)
client.get("/nowhere/", secure=True)
client.get("/plain/", secure=True, headers={"host": "another.example"})
fields = "&".join(["a=1"] * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
form = {"content_type": "application/x-www-form-urlencoded", "secure": True}
form["headers"] = {"referer": "https://example.com/"}
client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
client.post("/plain/", fields, **form)
client.post("/plain/", "a=1", **form)
"""


def test_rejected_request_is_one_line_and_a_suspicious_one_a_warning_more() -> None:
    lines = lines_of(run_code(REJECTED, **EMBEDDED).stderr)

    requests = [line["status"] for line in lines if line["name"] == MIDDLEWARE]
    assert requests == [404, 400, 400, 403]
    others = [line for line in lines if line["name"] != MIDDLEWARE]
    assert [line["name"] for line in others] == [
        f"django.security.{kind}"
        for kind in ("DisallowedHost", "TooManyFieldsSent", "csrf")
    ]
    assert {line["level"] for line in others} == {"WARNING"}
    assert "Traceback" not in str(lines)


def access_log(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    (record,) = [record for record in caplog.records if record.name == MIDDLEWARE]
    return record


def test_log_line_and_response_have_one_request_id(
    site: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    with caplog.at_level(logging.INFO):
        response = site.get("/plain/?token=secret")

    record = access_log(caplog)
    assert record.__dict__["request_id"] == response.headers["X-Request-ID"]
    assert record.getMessage().startswith("GET /plain/ 200 ")
    assert record.__dict__["duration_ms"] > 0
    assert "secret" not in caplog.text


@pytest.fixture
def counted(db: None) -> None:
    """The connection counts, as after its opening in a server."""
    queries.instrument(connection)


def test_line_has_the_view_and_its_queries(
    counted: None, site: Client, caplog: pytest.LogCaptureFixture, user: Any
) -> None:
    site.force_login(user)
    with caplog.at_level(logging.INFO):
        site.get("/user/")

    facts = access_log(caplog).__dict__
    assert facts["view"] == "plinth_tests.site.user"
    assert facts["queries"] >= 1
    assert 0 < facts["query_ms"] <= facts["duration_ms"]


def test_slow_request_and_slow_query_are_warnings(
    counted: None,
    site: Client,
    caplog: pytest.LogCaptureFixture,
    user: Any,
    settings: Settings,
) -> None:
    site.force_login(user)
    settings.SLOW_REQUEST_SECONDS = settings.SLOW_QUERY_SECONDS = 0
    caplog.clear()

    site.get("/user/")

    assert access_log(caplog).levelno == logging.WARNING
    slow = [record for record in caplog.records if record.name == queries.__name__]
    assert "SELECT" in slow[0].__dict__["sql"]
    session = site.cookies[settings.SESSION_COOKIE_NAME].value
    assert session not in str([vars(record) for record in slow])


# The comment for the database server


def sql_of(name: str, *, comment: bool) -> str:
    """Return what a query looks like that a request, or a task, of this id makes."""
    wrappers = connection.execute_wrappers[:]
    connection.settings_dict["COMMENT_QUERIES"] = comment
    token = request_id.set(name)
    try:
        connection.execute_wrappers.clear()
        queries.instrument(connection)
        seen: list[str] = []

        def spy(execute: Any, sql: str, *rest: Any) -> Any:
            seen.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(spy), connection.cursor() as cursor:
            cursor.execute("SELECT %s", ["100%"])
        return seen[0]
    finally:
        connection.execute_wrappers[:] = wrappers
        connection.settings_dict["COMMENT_QUERIES"] = False
        request_id.reset(token)


@pytest.mark.practice(64)
def test_comment_names_the_request_to_the_database_server(db: None) -> None:
    sql = sql_of("0a1b2c3d4e5f6071", comment=True)

    assert sql.startswith("/* request_id=0a1b2c3d4e5f6071 */ SELECT ")


@pytest.mark.parametrize(
    ("name", "comment"),
    [
        ("0a1b2c3d4e5f6071", False),
        ("-", True),  # outside of a request
        ("*/ DROP TABLE a; --", True),  # of a task: anything
        ("100%s-of-it", True),
    ],
)
def test_query_has_no_other_comment(db: None, name: str, comment: bool) -> None:
    assert sql_of(name, comment=comment).startswith("SELECT ")


@pytest.mark.parametrize(("path", "logged"), [("live", False), ("nowhere", True)])
def test_successful_health_check_is_not_logged(
    site: Client, caplog: pytest.LogCaptureFixture, path: str, logged: bool
) -> None:
    with caplog.at_level(logging.INFO):
        site.get(f"/health/{path}/")

    assert (f"GET /health/{path}/" in caplog.text) is logged


def test_line_break_in_a_path_forges_no_line(
    site: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        site.get("/a%0aline")

    assert "GET /a\\nline 404" in caplog.text


@pytest.mark.parametrize(
    ("given", "valid"),
    [
        ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", True),
        ("5f9c1b1e-3f0e-4b5c-9d39-8f1a2b3c4d5e", True),
        ("short", False),
        ("x" * 65, False),
        ("a line\nof another", False),
    ],
)
def test_valid_request_id_of_a_proxy_is_used(
    site: Client, given: str, valid: bool
) -> None:
    # Without an address: through a unix socket, which is trusted.
    response = site.get("/plain/", headers={"x-request-id": given}, REMOTE_ADDR="")

    assert (response.headers["X-Request-ID"] == given) is valid


@pytest.mark.parametrize(("path", "loads"), [("/user/", True), ("/plain/", False)])
def test_loaded_user_is_logged_by_id(
    site: Client,
    caplog: pytest.LogCaptureFixture,
    user: Any,
    path: str,
    loads: bool,
) -> None:
    site.force_login(user)

    with caplog.at_level(logging.INFO):
        site.get(path)

    record = access_log(caplog)
    assert record.__dict__["user_id"] == (user.pk if loads else None)
    assert user.email not in str(record.__dict__)


def test_log_line_costs_no_query(site: Client) -> None:
    site.cookies[settings.SESSION_COOKIE_NAME] = "of-a-user"

    site.get("/plain/")  # no `db` fixture: a query would fail the test


FORMATTERS = [ReadableFormatter("{asctime} {message}", style="{"), JsonFormatter()]


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_traceback_fits_into_a_line_of_docker(formatter: logging.Formatter) -> None:
    try:
        os.environ['a "long"\n' * 20_000 + "end"]
    except KeyError:
        record = logging.LogRecord("a", 40, "", 1, "Failed", None, sys.exc_info())

    line = formatter.format(record)

    assert len(line) < 16_000
    assert "Traceback (most recent call last)" in line
    assert "end" in line[-20:]


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_time_is_iso_with_milliseconds_and_zone(formatter: logging.Formatter) -> None:
    line = formatter.format(logging.LogRecord("a", 40, "", 1, "Failed", None, None))

    assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", line)


RESET = "/plain/MQ/c9k2x1-0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", f"{RESET}/"),
        ("get", RESET),  # without the slash, as a mail program cuts it: redirected
        ("put", f"{RESET}/"),  # refused, in Django's own line
        ("get", "/nowhere?token=c9k2x1-0123456789abcdef0123456789abcdef"),
    ],
)
def test_password_reset_token_is_masked(
    site: Client,
    caplog: pytest.LogCaptureFixture,
    formatter: logging.Formatter,
    method: str,
    path: str,
) -> None:
    site.handler.enforce_csrf_checks = True
    with caplog.at_level(logging.INFO):
        getattr(site, method)(path, headers={"referer": f"http://testserver{path}"})

    lines = [formatter.format(record) for record in caplog.records]
    assert lines
    assert not [line for line in lines if "0123456789abcdef" in line]


# Secrets and personal data

CARD = "4111 1111 1111 1111"
SECRETS = {
    "password": "hunter2 and more",
    "new_password1": "hunter2",
    "csrfmiddlewaretoken": "hunter2csrf",
    "api-key": "hunter2key",
    "email": "ann@example.com",
    "card": CARD,
}
HEADERS = {
    "authorization": "Bearer hunter2.jwt.signed",
    "cookie": "sessionid=hunter2session; theme=hunter2",
    "referer": "https://example.com/plain/?q=hunter2",
    "x-api-key": "hunter2key",
}


class Telltale(logging.LoggerAdapter[logging.Logger]):
    """Logs what it should not: forms, headers, errors with values."""

    def tell(self, request: HttpRequest) -> None:
        self.info("form %s, headers %s", request.POST, dict(request.headers))
        self.info("environ %s", {key: str(request.META[key]) for key in request.META})
        self.info("url %s body %s", request.get_full_path(), request.body.decode())
        self.info("json %s", json.dumps(SECRETS))
        self.info(
            "cache redis://:hunter2@cache:6379/0 and https://ann:hunter2@a.example"
        )
        self.logger.info("fields", extra={"form": SECRETS, "password": "hunter2"})
        self.info(
            "Cookie: sessionid=hunter2; b=hunter2\nAuthorization: Basic aHVudGVyMg=="
        )


def telltale(request: HttpRequest) -> HttpResponse:
    Telltale(logging.getLogger("apps.trial"), {}).tell(request)
    raise IntegrityError(
        "duplicate key value violates unique constraint\n"
        "DETAIL:  Key (lower(email), name)=(ann@example.com, hunter2) already exists.\n"
        'null value in column "a"\nDETAIL:  Failing row contains (1, hunter2, (a), null).'
    )


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_no_secret_and_no_personal_data_of_a_journey_is_logged(
    site: Client,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    formatter: logging.Formatter,
) -> None:
    monkeypatch.setattr(
        small_site, "urlpatterns", [*small_site.urlpatterns, path("tell/", telltale)]
    )
    site.raise_request_exception = False
    query = "?email=ann@example.com&token=hunter2&q=hunter2"
    caplog.handler.addFilter(RequestIdFilter())
    with caplog.at_level(logging.DEBUG):
        site.get(f"/plain/{query}", headers=HEADERS)
        site.get(f"/nowhere/ann@example.com/{query}", headers=HEADERS)
        site.post(f"/tell/{query}", SECRETS, headers=HEADERS)
        site.post("/tell/", json.dumps(SECRETS), "application/json", headers=HEADERS)
        site.handler.enforce_csrf_checks = True
        site.post(f"/plain/{query}", SECRETS, headers=HEADERS, secure=True)

    lines = [formatter.format(record) for record in caplog.records]

    assert {"apps.trial", "django.request", MIDDLEWARE} <= {
        record.name for record in caplog.records
    }
    assert "Traceback" in "".join(lines)
    for line in lines:
        for secret in ("hunter2", "ann@example.com", "aHVudGVyMg", CARD):
            assert secret not in line
        if isinstance(formatter, JsonFormatter):
            assert json.loads(line)["request_id"]


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-28 09:27:22.844 GET /catalog/a-product/ 200 12.5 ms",
        "request_id=0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "1795857172342333000 nanoseconds, order 4111 1111 1111 1112",
        "Is it basic? The tokens of app@app are 12, a secret no more.",
        "https://example.com/catalog/?",
    ],
)
def test_harmless_text_is_not_masked(harmless: str) -> None:
    assert mask(harmless) == harmless


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "a1",
        "a@",
        "?a=b",
        "a.a@a.",
        "://a:",
        "1234 ",
        "key (",
        "token",
        "cookie: ",
        "failing row contains (",
    ],
)
def test_masking_takes_linear_time(text: str) -> None:
    def seconds(length: int) -> float:
        long = text * (length // len(text))
        start = time.process_time()
        mask(long)
        return time.process_time() - start

    # Quadratic would be 100 times as long.
    assert min(seconds(300_000) for _ in range(2)) < 40 * (
        max(min(seconds(30_000) for _ in range(3)), 0.001)
    )
