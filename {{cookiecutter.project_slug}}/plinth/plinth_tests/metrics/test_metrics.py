"""Metrics: what a process counts, and how gunicorn shows those of all its workers."""

import http.client
import os
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection, connections
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from pytest_django import Settings

from plinth.logs import queries as logs
from plinth.metrics import collectors, database
from plinth.metrics.middleware import MetricsMiddleware
from plinth.practices import probes
from plinth.practices.states import State
from plinth_tests.processes import COMPLETE, EMBEDDED, evaluate
from plinth_tests.server.test_gunicorn import ON_LINUX, Server, running, wait_for

pytestmark = pytest.mark.practice(42)


def query(request: object) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.execute("SELECT 2")
    return HttpResponse()


def fail(request: object) -> HttpResponse:
    raise RuntimeError


async def wait(request: object) -> HttpResponse:
    return HttpResponse()


def unreachable() -> Iterator[Any]:
    raise ConnectionError


urlpatterns = [
    path("items/<int:pk>/", lambda request, pk: HttpResponse(), name="item"),
    path("query/", query, name="query"),
    path("fail/", fail, name="fail"),
    path("wait/", wait, name="wait"),
]
MIDDLEWARE = "plinth.metrics.middleware.MetricsMiddleware"


@pytest.fixture
def counted(settings: Settings) -> Client:
    settings.METRICS_BIND = "127.0.0.1:9464"
    settings.MIDDLEWARE = ["plinth.health.middleware.HealthMiddleware", MIDDLEWARE]
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def requests(**labels: str) -> float:
    name = "django_http_request_duration_seconds_count"
    return REGISTRY.get_sample_value(name, labels) or 0


def test_request_is_counted_by_view_method_and_class_of_status(counted: Client) -> None:
    before = requests(view="item", method="GET", status="2xx")

    counted.get("/items/1/")
    counted.get("/items/2/?page=3")

    assert requests(view="item", method="GET", status="2xx") == before + 2


@pytest.mark.parametrize(
    ("method", "url", "labels"),
    [
        ("GET", "/fail/", {"view": "fail", "method": "GET", "status": "5xx"}),
        ("GET", "/scan.php", {"view": "none", "method": "GET", "status": "4xx"}),
        ("BREW", "/items/1/", {"view": "item", "method": "other", "status": "2xx"}),
    ],
)
def test_labels_have_few_values_whatever_is_requested(
    counted: Client, method: str, url: str, labels: dict[str, str]
) -> None:
    before = requests(**labels)

    counted.generic(method, url)

    assert requests(**labels) == before + 1


def test_async_request_is_counted(counted: Client) -> None:
    before = requests(view="wait", method="GET", status="2xx")

    async_to_sync(AsyncClient().get)("/wait/")

    assert requests(view="wait", method="GET", status="2xx") == before + 1


def test_project_counts_requests_below_the_health_checks(settings: Settings) -> None:
    order = settings.MIDDLEWARE
    assert order.index("plinth.health.middleware.HealthMiddleware") < order.index(
        MIDDLEWARE
    )


@pytest.mark.django_db
def test_queries_are_counted_for_the_view_that_made_them(
    counted: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def queries() -> float:
        name = "django_http_request_queries_total"
        return REGISTRY.get_sample_value(name, {"view": "query"}) or 0

    before = queries()
    monkeypatch.setattr(logs, "observers", [database.observe_query])
    # At each reconnection.
    logs.instrument(connection)
    counted.get("/query/")
    counted.get("/items/1/")

    assert queries() == before + 2
    durations = "django_db_query_duration_seconds_count"
    assert REGISTRY.get_sample_value(durations, {"database": "default"})


def test_nothing_is_measured_without_an_address(settings: Settings) -> None:
    settings.METRICS_BIND = ""
    with pytest.raises(MiddlewareNotUsed):
        MetricsMiddleware(lambda request: HttpResponse())
    assert not evaluate(
        "import config.wsgi, sys\nresult = 'prometheus_client' in sys.modules",
        **EMBEDDED,
    )


def scrape(monkeypatch: pytest.MonkeyPatch, metrics: dict[str, str]) -> str:
    """Return what an app's collectors show; the attribute is that of an AppConfig."""
    monkeypatch.setattr(apps.get_app_config("plinth"), "metrics", metrics)
    registry = CollectorRegistry()
    registry.register(collectors.SiteCollector())
    return generate_latest(registry).decode()


def test_collector_that_fails_costs_its_own_metrics_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = scrape(
        monkeypatch,
        {
            "search": f"{__name__}.unreachable",
            "build": "plinth.metrics.collectors.build",
        },
    )

    assert 'django_collector_success{collector="search"} 0.0' in text
    assert 'django_collector_success{collector="build"} 1.0' in text
    assert "django_build_info{" in text


@pytest.mark.django_db
def test_unapplied_migrations_and_the_release_are_shown(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.RELEASE = "1f2e3d"
    monkeypatch.setattr(collectors, "unapplied", (0, 0.0))
    # It would end the test's transaction.
    monkeypatch.setattr(connections, "close_all", lambda: None)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    named = {
        name: f"plinth.metrics.collectors.{name}" for name in ("build", "migrations")
    }

    text = scrape(monkeypatch, named)

    assert "django_migrations_unapplied 1.0" in text
    assert 'django_build_info{release="1f2e3d"} 1.0' in text


@pytest.mark.parametrize(
    ("variables", "state", "detail"),
    [
        ({}, State.ON, "at 127.0.0.1:9464"),
        ({"METRICS_BIND": ""}, State.OFF, "set METRICS_BIND"),
        ({"WEB_BIND": "127.0.0.1:9464"}, State.OFF, "another port"),
    ],
    ids=["on", "unset", "public"],
)
def test_probe_finds_metrics_that_are_off_or_public(
    variables: dict[str, str], state: State, detail: str
) -> None:
    code = (
        "import django; django.setup()\n"
        "from plinth.practices import probes\n"
        "result = [probes.metrics().state, probes.metrics().detail]"
    )
    found = evaluate(code, **COMPLETE | variables)

    assert found[0] == state
    assert detail in found[1]


def test_probe_finds_a_missing_middleware(settings: Settings) -> None:
    settings.METRICS_BIND = "127.0.0.1:9464"
    settings.MIDDLEWARE = []

    assert probes.metrics().state is State.OFF


class Measured(Server):
    """gunicorn with metrics."""

    def __init__(self, folder: Path, **variables: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        variables = {"METRICS_BIND": f"127.0.0.1:{self.port}", **variables}
        super().__init__(folder, TMPDIR=str(folder), **variables)

    def scrape(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            text = answer.read().decode()
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {
            name: float(value) for name, _, value in (x.rpartition(" ") for x in lines)
        }

    def requests(self) -> float:
        name = "django_http_request_duration_seconds_count"
        return sum(
            value for key, value in self.scrape().items() if key.startswith(name)
        )

    def workers(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return list(map(int, tasks.read_text().split()))

    def kill_workers(self) -> None:
        """Kill the two workers, and wait until they have successors."""
        old = {*self.workers()}
        for worker in old:
            os.kill(worker, signal.SIGKILL)
        wait_for(lambda: len({*self.workers()} - old) == 2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    with running(Measured(tmp_path_factory.mktemp("server"))) as server:
        yield server


def test_metrics_have_an_address_of_their_own(server: Measured) -> None:
    before = server.requests()
    response = server.get("/metrics", X_Forwarded_Proto="https")

    # A 404; or, without collectstatic, an exception of the error page, which counts too.
    assert response.status >= http.client.BAD_REQUEST
    assert server.requests() == before + 1
    # A health check is no request of a visitor.
    server.get("/health/live/")
    assert server.requests() == before + 1


@ON_LINUX
def test_counters_of_killed_workers_still_count(server: Measured) -> None:
    """And a successor adds to the files of the one before, so their number is bounded."""
    for _ in range(2):
        for _ in range(5):
            server.get("/metrics", X_Forwarded_Proto="https")
        before = server.requests()
        server.kill_workers()
        wait_for(server.answers)

        assert server.requests() >= before
    server.get("/metrics", X_Forwarded_Proto="https")
    files = list(folder_of(server).glob("histogram_*.db"))
    assert 1 <= len(files) <= 3, files


def folder_of(server: Measured) -> Path:
    """The folder of the metrics, which workers have open once they have counted."""
    maps = "".join(Path(f"/proc/{pid}/maps").read_text() for pid in server.workers())
    [folder] = {*re.findall(r"(/\S+/metrics-\w+)/\w+", maps)}
    return Path(folder)


@ON_LINUX
def test_gauges_of_an_exited_worker_are_deleted(server: Measured) -> None:
    server.get("/metrics", X_Forwarded_Proto="https")
    folder = folder_of(server)
    gauges = [
        folder / f"gauge_livesum_{server.process.pid}-{slot}.db" for slot in (0, 1)
    ]
    for gauge in gauges:
        gauge.touch()

    server.kill_workers()

    wait_for(lambda: not any(gauge.exists() for gauge in gauges))
    wait_for(server.answers)


@ON_LINUX
def test_metrics_are_deleted_when_the_server_stops(tmp_path: Path) -> None:
    with running(Measured(tmp_path)) as server:
        server.get("/metrics", X_Forwarded_Proto="https")
        folder = folder_of(server)

    assert not folder.exists()


def test_port_of_another_server_is_refused_with_one_line(
    server: Measured, tmp_path: Path
) -> None:
    second = Server(tmp_path, METRICS_BIND=f"127.0.0.1:{server.port}")

    assert second.process.wait(30) != 0
    assert re.search(
        rf"(?m)^METRICS_BIND=127.0.0.1:{server.port} cannot be used: Address already",
        second.log.read_text(),
    )
    second.statsd.close()


# In one process, without a folder: `make monitoring` has no gunicorn.
RUNSERVER = """
import os
import socket
import urllib.request

with socket.create_server(("127.0.0.1", 0)) as server:
    bind = "%s:%s" % server.getsockname()
os.environ["METRICS_BIND"] = bind
import django
django.setup()
from django.core.management.commands import runserver
from plinth.management.commands.runserver import Command

runserver.Command.inner_run = lambda self, *args, **options: None
Command().inner_run()
result = urllib.request.urlopen(f"http://{bind}/metrics", timeout=10).read().decode()
"""


def test_runserver_shows_its_metrics() -> None:
    """The first query of a collector makes the instruments, while it is registered."""
    text = evaluate(RUNSERVER, **EMBEDDED)

    assert "django_build_info" in text
    assert "django_migrations_unapplied" in text
