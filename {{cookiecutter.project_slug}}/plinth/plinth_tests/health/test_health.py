"""Health endpoints, and the probes behind them."""

import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from threading import Event

import pytest
from django.apps import apps
from django.conf import settings as project
from django.core.cache import caches
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from plinth.health import probes

LIVE, READY = "/health/live/", "/health/ready/"
# What the probe of each service calls.
SERVICES = {
    "cache": (caches["default"], "get"),
    "sessions": (caches["sessions"], "get"),
    "locks": (caches["locks"], "add"),
    "storage": (default_storage, "exists"),
}


@pytest.fixture(autouse=True)
def no_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "last", probes.Answers())


def fail(*args: object, **kwargs: object) -> None:
    raise OperationalError("gone")


@pytest.mark.parametrize("path", [LIVE, READY])
@pytest.mark.django_db
def test_probe_by_ip_over_http_is_answered(
    site: Client, settings: Settings, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    response = site.get(path, headers={"host": "10.1.2.3:8000"})

    assert response.status_code == HTTPStatus.OK
    assert response.json()["status"] == "ok"
    assert "no-store" in response.headers["Cache-Control"]


def test_project_has_the_health_endpoints() -> None:
    assert [reverse("health:live"), reverse("health:ready")] == [LIVE, READY]
    assert "plinth.health.middleware.HealthMiddleware" in project.MIDDLEWARE


def test_other_pages_check_the_host(site: Client) -> None:
    response = site.get("/plain/", headers={"host": "10.1.2.3:8000"})

    assert response.status_code == HTTPStatus.BAD_REQUEST


def test_liveness_probes_no_service(site: Client) -> None:
    assert site.get(LIVE).json() == {"status": "ok"}  # no `db` fixture


@pytest.mark.django_db
def test_site_without_its_database_is_not_ready(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "cursor", fail)

    response = site.get(READY)

    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.json()["parts"]["database"] == "failing"


@pytest.mark.parametrize("alias", ["default", "public"])
@pytest.mark.django_db
def test_disk_that_takes_no_uploads_is_a_failing_storage(
    site: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, alias: str
) -> None:
    # As on a read-only root, where the folder of the first upload can't be made.
    full = tmp_path / "file"
    full.touch()
    storage = FileSystemStorage(location=full / "uploads")
    monkeypatch.setitem(vars(storages)["_storages"], alias, storage)

    assert site.get(READY).json()["parts"]["storage"] == "failing"

    full.unlink()
    probes.probe_storage()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.django_db
def test_site_without_another_service_is_degraded(
    site: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: Settings,
    service: str,
) -> None:
    settings.HEALTH_PROBES = {
        "sessions": "plinth.health.probes.probe_sessions",
        "locks": "plinth.health.probes.probe_locks",
    }
    monkeypatch.setattr(*SERVICES[service], fail)

    response = site.get(READY)

    assert response.status_code == HTTPStatus.OK
    assert response.json()["status"] == "degraded"
    assert [
        name for name, state in response.json()["parts"].items() if state == "failing"
    ] == [service]
    assert f"The {service} does not answer" in caplog.text
    assert "gone" not in response.text


@pytest.mark.django_db
def test_answers_are_cached_for_a_moment(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.get(READY).json()["status"] == "ok"

    monkeypatch.setattr(connection, "cursor", fail)
    assert site.get(READY).json()["status"] == "ok"

    assert 1 <= probes.TTL <= 2
    monkeypatch.setattr(probes, "monotonic", lambda: time.monotonic() + probes.TTL)
    assert site.get(READY).json()["status"] == "failing"


def test_one_thread_probes_while_the_others_get_the_last_answers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or requests to the endpoint would occupy every thread while a service is dead."""
    settings.HEALTH_PROBES = dict.fromkeys(probes.registered()) | {
        "slow": f"{__name__}.slow"
    }
    monkeypatch.setattr(probes, "TTL", 0)
    assert probes.probe_all() == {"slow": True}
    gate.clear()
    calls.clear()

    with ThreadPoolExecutor() as threads:
        first = threads.submit(probes.probe_all)
        while not calls:
            time.sleep(0.01)
        others = [threads.submit(probes.probe_all) for _ in range(3)]
        assert [other.result(timeout=30) for other in others] == [{"slow": True}] * 3
        gate.set()

    assert first.result() == {"slow": True}
    assert len(calls) == 1


gate = Event()
gate.set()
calls: list[int] = []


def slow() -> None:
    calls.append(1)
    assert gate.wait(10)


@pytest.mark.parametrize(
    ("peer", "told"),
    [("10.1.2.3", True), ("::1", True), ("", True), ("8.8.8.8", False)],
)
@pytest.mark.django_db
def test_parts_are_told_to_private_networks_only(
    site: Client, peer: str, told: bool
) -> None:
    response = site.get(READY, REMOTE_ADDR=peer)

    assert response.json()["status"] == "ok"
    assert ("parts" in response.json()) is told


def test_apps_and_settings_register_probes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HEALTH_PROBES = {"mine": "apps.search.health.probe", "storage": None}
    auth = apps.get_app_config("auth")
    monkeypatch.setattr(auth, "health_probes", {"ldap": "ldap.probe"}, raising=False)

    registered = probes.registered()

    assert registered["database"] == "plinth.health.probes.probe_database"
    assert registered["mine"] == "apps.search.health.probe"
    assert registered["ldap"] == "ldap.probe"
    assert "storage" not in registered


def test_unknown_health_path_is_not_found(site: Client) -> None:
    assert site.get("/health/nothing/").status_code == HTTPStatus.NOT_FOUND
