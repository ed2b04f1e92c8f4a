from http import HTTPStatus

import pytest
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

LIVE, READY = "/health/live/", "/health/ready/"
# What the probe of a part calls.
PARTS = {
    "cache": (caches["default"], "get"),
    "sessions": (caches["sessions"], "get"),
    "locks": (caches["locks"], "add"),
    "storage": (default_storage, "exists"),
}


def fail(*args: object, **kwargs: object) -> None:
    raise OperationalError("gone")


@pytest.mark.parametrize("path", [LIVE, READY])
@pytest.mark.django_db
def test_a_probe_by_address_over_http_is_answered(
    client: Client, settings: Settings, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    response = client.get(path, headers={"host": "10.1.2.3:8000"})

    assert response.status_code == HTTPStatus.OK
    assert response.json()["status"] == "ok"
    assert "no-store" in response.headers["Cache-Control"]


def test_other_pages_check_the_host(client: Client) -> None:
    response = client.get("/", headers={"host": "10.1.2.3:8000"})

    assert response.status_code == HTTPStatus.BAD_REQUEST


def test_liveness_asks_no_other_part(client: Client) -> None:
    assert client.get(LIVE).json() == {"status": "ok"}  # no `db` fixture


@pytest.mark.django_db
def test_without_its_database_the_site_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "cursor", fail)

    response = client.get(READY)

    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.json()["parts"]["database"] == "failing"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.django_db
def test_without_another_part_the_site_still_takes_visitors(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: Settings,
    part: str,
) -> None:
    settings.HEALTH_PROBES |= {
        "sessions": "plinth.health.probes.probe_sessions",
        "locks": "plinth.health.probes.probe_locks",
    }
    monkeypatch.setattr(*PARTS[part], fail)

    response = client.get(READY)

    assert response.status_code == HTTPStatus.OK
    assert response.json()["status"] == "degraded"
    assert [
        name for name, state in response.json()["parts"].items() if state == "failing"
    ] == [part]
    assert f"The {part} does not answer" in caplog.text
    assert "gone" not in response.text


def test_an_unknown_probe_is_an_ordinary_wrong_address(client: Client) -> None:
    assert client.get("/health/nothing/").status_code == HTTPStatus.NOT_FOUND
