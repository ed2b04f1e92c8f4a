"""Logs: the access log, JSON lines in production, no personal data."""

import json
import logging
import os
import re
import sys
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from pytest_django import Settings

from plinth.logs import queries
from plinth.logs.formatters import JsonFormatter, ReadableFormatter, RequestIdFilter
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
