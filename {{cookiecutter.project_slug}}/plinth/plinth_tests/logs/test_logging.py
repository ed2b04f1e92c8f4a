"""The log of production, from a process of its own: what a log collector would read."""

import json
import logging
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from plinth.logs.formatters import JsonFormatter, ReadableFormatter
from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.practice(67)

VISIT = r"""
import logging
early = logging.getLogger("a.library")
import config.wsgi
from django.test import Client
early.info("It's %s", "older than Django\nand née")
early.debug("for its author")
response = Client(headers={"host": "example.com"}).get(
    "/robots.txt?email=ann@example.com",
    secure=True,
    headers={"x-request-id": "named-by-the-proxy", "cookie": "sessionid=secret"},
)
"""


def lines_of(stderr: str) -> list[dict[str, Any]]:
    # Python's own warnings are none.
    return [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]


def test_a_line_of_production_is_json_that_tells_the_request() -> None:
    _, line = lines_of(run_code(VISIT, **EMBEDDED).stderr)

    assert line.pop("duration_ms") > 0
    assert line.pop("time")
    message = line.pop("message")
    assert message.startswith("GET /robots.txt 200 ")
    # Nothing else: no address, no query, no cookie.
    assert line == {
        "level": "INFO",
        "name": "plinth.http.middleware",
        "request_id": "named-by-the-proxy",
        "method": "GET",
        "path": "/robots.txt",
        "status": 200,
        "user_id": None,
    }


def test_who_logged_before_django_started_still_does_at_the_level_of_production() -> (
    None
):
    line, _ = lines_of(run_code(VISIT, **EMBEDDED).stderr)

    assert line["name"] == "a.library"
    assert line["message"] == "It's older than Django\nand née"


def test_the_level_is_a_variable() -> None:
    done = run_code(VISIT, **(EMBEDDED | {"LOG_LEVEL": "WARNING"}))

    assert lines_of(done.stderr) == []


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.django_db
def test_a_user_is_named_by_id_where_the_page_asked_who_it_is(
    client: Client, caplog: pytest.LogCaptureFixture, user: User, asked: bool
) -> None:
    client.force_login(user)

    with caplog.at_level(logging.INFO):
        client.get(reverse("accounts:profile" if asked else "pages:robots"))

    (record,) = [r for r in caplog.records if r.name == "plinth.http.middleware"]
    assert record.__dict__["user_id"] == (user.pk if asked else None)
    assert user.email not in str(record.__dict__)


RESET = "/accounts/reset/MQ/c9k2x1-0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "formatter", [ReadableFormatter("{message}", style="{"), JsonFormatter()]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", f"{RESET}/"),
        ("get", RESET),  # as a mail program cuts it: redirected
        ("put", f"{RESET}/"),  # refused, in Django's own line
        ("get", "/nowhere?token=c9k2x1-0123456789abcdef0123456789abcdef"),
    ],
)
@pytest.mark.django_db
def test_no_line_can_reset_a_password(
    caplog: pytest.LogCaptureFixture,
    formatter: logging.Formatter,
    method: str,
    path: str,
) -> None:
    client = Client(enforce_csrf_checks=True)
    with caplog.at_level(logging.INFO):
        getattr(client, method)(path, headers={"referer": f"http://testserver{path}"})

    lines = [formatter.format(record) for record in caplog.records]
    assert lines
    assert not [line for line in lines if "0123456789abcdef" in line]


def test_a_line_costs_no_query(client: Client) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "of-somebody-signed-in"

    client.get("/robots.txt")  # no `db` fixture: a query would fail the test
