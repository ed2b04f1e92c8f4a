import json
import logging
import logging.config

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.core.logging import RequestIdFilter


def test_a_request_has_one_id_in_the_log_and_in_the_answer(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    with caplog.at_level(logging.INFO):
        response = client.get("/robots.txt?token=secret")

    (record,) = [r for r in caplog.records if r.name == "apps.core.middleware"]
    assert record.__dict__["request_id"] == response.headers["X-Request-ID"]
    assert record.getMessage().startswith("GET /robots.txt 200 ")
    assert record.__dict__["duration_ms"] > 0
    assert "secret" not in caplog.text


@pytest.mark.django_db
def test_the_log_cannot_reset_a_password(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client.get(reverse("accounts:password-reset-confirm", args=["MQ", "c0-ffee"]))

    assert "GET /accounts/reset/MQ/***/ 200" in caplog.text
    assert "c0-ffee" not in caplog.text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", True),
        ("5f9c1b1e-3f0e-4b5c-9d39-8f1a2b3c4d5e", True),
        ("short", False),
        ("x" * 65, False),
        ("a line\nof somebody else", False),
    ],
)
def test_a_proxys_id_is_kept_when_it_can_do_no_harm(
    client: Client, given: str, kept: bool
) -> None:
    response = client.get("/robots.txt", headers={"x-request-id": given})

    assert (response.headers["X-Request-ID"] == given) is kept


def test_a_line_of_the_production_log_is_json_with_the_id() -> None:
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(
        settings.LOGGING["formatters"]["json"]
    )
    record = logging.makeLogRecord(
        {"msg": "It's %s", "args": ("é",), "levelname": "INFO"}
    )
    RequestIdFilter().filter(record)

    line = formatter.format(record)

    assert "\n" not in line
    assert (
        json.loads(line).items()
        >= {
            "message": "It's é",
            "level": "INFO",
            "request_id": record.__dict__["request_id"],
        }.items()
    )
