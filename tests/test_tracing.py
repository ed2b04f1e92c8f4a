"""Traces of a request, its queries and its task, as an OpenTelemetry collector gets them."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import services
from tests.conftest import Bake
from tests.production import log_of, manage, servable
from tests.services import PRODUCTION, get, gunicorn, process, venv, wait_until
from tests.support import REPOSITORY, run
from tests.test_switch_on import add

TOKEN = "c9k2x1-0123456789abcdef0123456789abcdef"
# In a query string, a cookie, a header, a path, a form, a statement, an error's text.
SECRETS = ["ann@example.com", "of-somebody", "Mozilla/5.0", "a long and quiet password"]
REQUEST_ID = "named-by-the-proxy"

VIEWS = """

import asyncio
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.generic import View


class OrderView(View):
    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        from apps.pages.tasks import order

        email = request.GET["email"]
        cache.set(f"order:{email}", email, 60)
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [email])
            cursor.execute(f"SELECT 'it''s {email}', 1")
        order.delay(email)
        return HttpResponse("ordered")


class FailView(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        raise RuntimeError(f"no {request.POST['password']}")


class WaitView(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        await sync_to_async(select)()
        return HttpResponse("waited")


def select():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


from django.views.decorators.csrf import csrf_exempt

urlpatterns += [
    path("order/<str:token>/", OrderView.as_view(), name="order"),
    path("fail/", csrf_exempt(FailView.as_view())),
    path("wait/", WaitView.as_view()),
]
"""
TASKS = """
from django.db import connection
from plinth.tasks.app import app


@app.task
def order(email: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s || 'ordered'", [email])
    raise ValueError(f"no {email}")
"""
DECODE = """
import json, sys
from pathlib import Path
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

def plain(attributes):
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}

spans = [
    {
        "name": span.name,
        "kind": span.kind,
        "trace": span.trace_id.hex(),
        "id": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "attributes": plain(span.attributes),
        "events": [[event.name, plain(event.attributes)] for event in span.events],
        "status": [span.status.code, span.status.message],
        "resource": plain(resource.resource.attributes),
        "scope": scope.scope.name.rpartition(".")[2],
    }
    for file in sorted(Path(sys.argv[1]).iterdir())
    for resource in ExportTraceServiceRequest.FromString(file.read_bytes()).resource_spans
    for scope in resource.scope_spans
    for span in scope.spans
]
print(json.dumps(spans, default=str))
"""


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with an environment of its own, the extra and views to trace."""
    folder = tmp_path_factory.mktemp("tracing")
    copy = folder / "extra"
    run("git", "clone", "--quiet", install(), copy, cwd=folder)
    if (REPOSITORY / ".uv").exists():
        (copy / ".uv").symlink_to(REPOSITORY / ".uv")
    add(copy, "otel")
    run("make", "setup", ".venv/test", cwd=copy)
    return servable(copy, folder / "site", config__urls=VIEWS, apps__pages__tasks=TASKS)


@dataclass
class Collector:
    """What has arrived in a folder, decoded by the project's own library."""

    project: Path
    folder: Path
    paths: set[str] = field(default_factory=set)
    port: int = 0

    def take(self, path: str, body: bytes) -> bytes:
        self.paths.add(path)
        (self.folder / f"{len(list(self.folder.iterdir())):04}").write_bytes(body)
        return b""

    @property
    def variables(self) -> dict[str, str]:
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }

    def spans(self) -> list[dict]:
        command = venv("python", "-c", DECODE, self.folder, of=self.project)
        return json.loads(run(*command, cwd=self.project))

    def wait_for(self, *names: str) -> list[dict]:
        wait_until(lambda: {*names} <= {span["name"] for span in self.spans()})
        return self.spans()


@pytest.fixture
def collector(project: Path, tmp_path: Path) -> Iterator[Collector]:
    folder = tmp_path / "spans"
    folder.mkdir()
    made = Collector(project, folder)
    with services.collector(made.take) as made.port:
        yield made


@pytest.mark.services("postgresql", "redis")
def test_request_query_and_task_are_one_trace_without_personal_data(
    project: Path, collector: Collector, tmp_path: Path
) -> None:
    log, tasks = tmp_path / "log", tmp_path / "worker.log"
    with ExitStack() as stack:
        database = stack.enter_context(services.postgresql())
        redis = stack.enter_context(services.redis(tmp_path, services.free_port()))
        variables = collector.variables | {
            "DATABASE_URL": database,
            "REDIS_URL": f"{redis}/0",
            "CELERY_BROKER_URL": f"{redis}/1",
            "RELEASE": "v1",
            "WEB_CONCURRENCY": "2",
        }
        manage(project, "migrate", "--verbosity", "0", **variables)
        # Neither a command nor its thousand queries is a trace.
        assert collector.spans() == []
        env = PRODUCTION | variables | {"OTEL_BSP_SCHEDULE_DELAY": "60000"}
        worker = venv("celery", "--app", "config.celery", "worker", of=project)
        site = stack.enter_context(gunicorn(project, log, **variables))
        with process(*worker, "--concurrency=1", cwd=project, log=tasks, env=env):
            page = get(
                f"{site}/order/{TOKEN}/?email=ann@example.com",
                Cookie="sessionid=of-somebody",
                User_Agent="Mozilla/5.0",
                X_Request_ID=REQUEST_ID,
            )
            assert page.status == 200
            wait_until(lambda: "pages.tasks.order" in tasks.read_text())
            wait_until(lambda: "ValueError: no ***" in tasks.read_text())
        # Its child has sent what it had when the worker ended.
        order, run_task = "GET order/<str:token>/", "run/apps.pages.tasks.order"
        spans = collector.wait_for(order, run_task)
        by_id = {span["id"]: span for span in spans}

        [request] = [span for span in spans if span["name"] == order]
        assert request["attributes"]["http.route"] == "order/<str:token>/"
        assert request["attributes"]["http.status_code"] == 200
        assert request["attributes"]["request_id"] == REQUEST_ID
        assert request["resource"]["service.name"] == "My Site"
        assert request["resource"]["service.version"] == "v1"
        of_page = [span for span in spans if span["parent"] == request["id"]]
        assert {"psycopg", "redis", "celery"} == {span["scope"] for span in of_page}
        statements = {span["attributes"].get("db.statement") for span in of_page}
        assert {"SELECT %s", "SELECT ?, 1"} <= statements

        [task] = [span for span in spans if span["name"] == run_task]
        assert by_id[task["parent"]]["name"] == "apply_async/apps.pages.tasks.order"
        assert by_id[task["parent"]]["parent"] == request["id"]
        assert task["attributes"]["request_id"] == REQUEST_ID
        of_task = [span for span in spans if span["parent"] == task["id"]]
        statements = {span["attributes"].get("db.statement") for span in of_task}
        assert "SELECT %s || ?" in statements
        # An error: its type, without its text.
        assert task["status"] == [2, ""]
        [[name, error]] = task["events"]
        assert (name, error["exception.type"]) == ("exception", "ValueError")
        # No trace begins with a query, or in a worker that polls its broker.
        assert {span["trace"] for span in spans} == {request["trace"]}

        for file in (log, tasks):
            lines = [
                line for line in log_of(file) if line.get("request_id") == REQUEST_ID
            ]
            [line] = [
                line for line in lines if "/order/" in str(line.get("path", ""))
            ] or [line for line in lines if line["name"] == "celery.app.trace"]
            assert line["trace_id"] == request["trace"]

        failed = post(f"{site}/fail/", "password=a+long+and+quiet+password")
        assert failed == 500
        spans = collector.wait_for("POST fail/")
        [request] = [span for span in spans if span["name"] == "POST fail/"]
        assert request["status"] == [2, ""]
        assert request["events"][0][1]["exception.type"] == "RuntimeError"
    arrived = b"".join(file.read_bytes() for file in collector.folder.iterdir())
    for secret in [*SECRETS, TOKEN, "127.0.0.1:1"]:
        assert secret.encode() not in arrived
    assert collector.paths == {"/v1/traces"}


@pytest.mark.services("postgresql")
def test_async_view_and_its_query_are_one_trace_by_asgi(
    project: Path, collector: Collector, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with services.postgresql() as database:
        variables = collector.variables | {
            "DATABASE_URL": database,
            "OTEL_TRACES_SAMPLER": "parentbased_always_off",
        }
        with services.gunicorn_on(
            tmp_path / "socket",
            project,
            log,
            "--worker-class=plinth.server.asgi_worker.Worker",
            application="config.asgi",
            **variables,
        ):
            wanted = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            for headers in ([], [f"traceparent: {wanted}"]):
                assert curl(tmp_path / "socket", "/wait/?q=ann", *headers) == 200
            # Not by OTEL_TRACES_SAMPLER, but as the service that calls has decided.
            spans = collector.wait_for("GET wait/", "SELECT")

    [request] = [span for span in spans if span["name"] == "GET wait/"]
    [query] = [span for span in spans if span["name"] == "SELECT"]
    assert {request["trace"], query["trace"]} == {wanted.split("-")[1]}
    assert (request["parent"], query["parent"]) == (wanted.split("-")[2], request["id"])
    assert request["attributes"]["request_id"]
    assert "ann" not in str(spans)
    assert "different Context" not in log.read_text()
    assert "Traceback" not in log.read_text()


def test_site_without_its_collector_serves_and_stops(
    project: Path, tmp_path: Path
) -> None:
    variables = {
        "DATABASE_URL": "sqlite://",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{services.free_port()}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with gunicorn(project, tmp_path / "log", **variables) as site:
        assert {get(f"{site}/wait/", "x").status for _ in range(3)} == {400}
        assert {get(site).status for _ in range(20)} == {200}
        time.sleep(1)
        assert get(site).status == 200
        # A health check by IP address is answered, and no trace.
        assert get(f"{site}/health/live/", host="10.0.0.1").status == 200
        start = time.monotonic()
    # Within the 30 seconds that gunicorn gives its workers.
    assert time.monotonic() - start < 15
    assert len((tmp_path / "log").read_text()) < 100_000


def test_health_checks_and_static_files_are_not_traced(
    project: Path, collector: Collector, tmp_path: Path
) -> None:
    variables = collector.variables | {"DATABASE_URL": "sqlite://"}
    with gunicorn(project, tmp_path / "log", **variables) as site:
        get(f"{site}/health/live/", host="10.0.0.1")
        get(f"{site}/static/admin/css/base.css")
        assert get(f"{site}/robots.txt").status == 200
        spans = collector.wait_for("GET robots.txt")

    assert [span["name"] for span in spans] == ["GET robots.txt"]


def test_foundation_passes_its_tests_with_the_extra(project: Path) -> None:
    command = venv("pytest", "-q", "plinth/plinth_tests/tracing", of=project)
    assert "skipped" not in run(*command, cwd=project)


def curl(socket: Path, path: str, *headers: str) -> int:
    named = [word for header in headers for word in ("-H", header)]
    command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "--unix-socket"]
    command += [str(socket), "-H", "X-Forwarded-Proto: https", *named]
    return int(run(*command, f"http://example.com{path}", cwd=socket.parent))


def post(url: str, form: str) -> int:
    command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-d", form, url]
    return int(run(*command, "-H", "Host: example.com", cwd=Path.cwd()))
