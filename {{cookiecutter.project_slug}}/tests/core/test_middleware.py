import logging

import pytest
from django.test import Client

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


def test_a_path_cannot_forge_a_line(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/a%0aline")

    assert "GET /a\\nline 404" in caplog.text


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
