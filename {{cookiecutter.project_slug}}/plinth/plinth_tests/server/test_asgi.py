"""gunicorn with uvicorn: the site by ASGI, and its async view there."""

import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import View
from pytest_django import Settings

from plinth import extras
from plinth.practices.checks import check_sync_middleware
from plinth.practices.states import State
from plinth_tests.processes import EMBEDDED, PLINTH, evaluate
from plinth_tests.server.test_gunicorn import OnPort, Server, running

pytestmark = pytest.mark.practice(59)

served = pytest.mark.skipif(
    not extras.is_installed("asgi"), reason="needs the extra asgi of django-plinth"
)
URL = "/health/dependencies/"
WORKER = "plinth.server.asgi_worker.Worker"
CLIENTS = 20
# Seconds.
DELAY = 0.5


class Service:
    """A service that responds late."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=CLIENTS)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.respond, args=[client], daemon=True).start()

    def respond(self, client: socket.socket) -> None:
        with client:
            client.recv(4096)
            time.sleep(DELAY)
            client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


class ByAsgi(Server):
    application = (f"--worker-class={WORKER}", "config.asgi")


class ByAsgiOnPort(OnPort):
    application = ByAsgi.application


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Those of a site with a service to ask, in one process."""
    service = Service()
    folder = tmp_path_factory.mktemp("settings")
    (folder / "asking.py").write_text(
        "from config.settings.production import *\n"
        f"HEALTH_DEPENDENCIES = {{'one': 'http://127.0.0.1:{service.port}/'}}\n"
    )
    yield {
        "DJANGO_SETTINGS_MODULE": "asking",
        "PYTHONPATH": f"{PLINTH}{os.pathsep}{folder}",
        "WEB_CONCURRENCY": "1",
    }
    service.listener.close()


@pytest.fixture(scope="module")
def server(
    variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ByAsgi]:
    with running(ByAsgi(tmp_path_factory.mktemp("server"), **variables)) as server:
        yield server


def seconds_for(server: Server) -> float:
    """How long the page takes for CLIENTS clients at a time."""
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as threads:
        asked = [threads.submit(server.get, URL) for _ in range(CLIENTS)]
        assert {each.result().status for each in asked} == {HTTPStatus.OK}
    return time.perf_counter() - start


@served
def test_one_process_waits_for_many_services_by_asgi(server: ByAsgi) -> None:
    """With four threads it would be 20 / 4 times the delay."""
    seconds_for(server)

    assert seconds_for(server) < CLIENTS / 4 * DELAY * 0.7


def test_async_view_is_served_by_wsgi_too(
    variables: dict[str, str], tmp_path: Path
) -> None:
    with running(Server(tmp_path, **variables)) as server:
        assert server.get(URL).status == HTTPStatus.OK


@served
def test_request_by_asgi_is_one_log_line_with_the_id_of_nginx(server: ByAsgi) -> None:
    request_id = "0123456789abcdef"

    response = server.get("/page/", X_Request_ID=request_id)

    assert response.headers["X-Request-ID"] == request_id
    [line] = [line for line in server.lines() if line["request_id"] == request_id]
    assert line["path"] == "/page/"
    assert not re.search(r"GET .* HTTP/1.1", server.log.read_text())


@served
def test_client_of_a_proxy_is_known_to_asgi(server: ByAsgi) -> None:
    assert server.get(URL, X_Forwarded_For="10.1.2.3").status == HTTPStatus.OK
    # Not found; or, without collectstatic, an exception of the error page.
    assert server.get(URL, X_Forwarded_For="8.8.8.8").status != HTTPStatus.OK


@served
def test_scheme_of_a_proxy_is_known_to_asgi(server: ByAsgi) -> None:
    assert server.get("/metrics").status == HTTPStatus.MOVED_PERMANENTLY
    assert server.get("/metrics", X_Forwarded_Proto="https").status != (
        HTTPStatus.MOVED_PERMANENTLY
    )


@served
def test_proxy_on_a_port_is_the_one_that_django_trusts(
    tmp_path: Path,
) -> None:
    with running(ByAsgiOnPort(tmp_path, TRUSTED_PROXIES="127.0.0.1")) as server:
        named = {"X_Forwarded_For": "8.8.8.8", "X_Request_ID": "0123456789abcdef"}
        response = server.get("/health/live/", **named)

    assert response.headers["X-Request-ID"] == "0123456789abcdef"


@served
def test_stopping_worker_finishes_its_requests_by_asgi(
    variables: dict[str, str], tmp_path: Path
) -> None:
    with running(ByAsgi(tmp_path, **variables)) as server, ThreadPoolExecutor() as one:
        asked = one.submit(server.get, URL)
        time.sleep(DELAY / 2)
        server.process.terminate()

        assert asked.result().status == HTTPStatus.OK
        assert server.process.wait(20) == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    ("entry", "detail"), [("wsgi", "WSGI"), ("asgi", "WhiteNoiseMiddleware")]
)
def test_probe_names_the_server_and_sync_middleware(entry: str, detail: str) -> None:
    code = (
        f"import config.{entry}\n"
        "from plinth.practices import probes\n"
        "found = probes.asyncio()\n"
        "result = [found.state, found.detail]"
    )
    state, found = evaluate(code, **EMBEDDED | {"STATIC_STORAGE": ""})

    assert state == State.ON
    assert detail in found


class WaitView(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class SyncView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


def slow_middleware(get_response: Any) -> Any:
    return get_response


@pytest.mark.parametrize(
    ("view", "middleware", "number"),
    [
        (WaitView, [f"{__name__}.slow_middleware"], 1),
        (SyncView, [f"{__name__}.slow_middleware"], 0),
        (WaitView, ["django.middleware.common.CommonMiddleware"], 0),
        # A library's, which the owner can't change.
        (WaitView, ["whitenoise.middleware.WhiteNoiseMiddleware"], 0),
    ],
    ids=["own", "no-async-view", "async", "library"],
)
def test_check_reports_own_sync_middleware_in_front_of_an_async_view(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    view: type[View],
    middleware: list[str],
    number: int,
) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = middleware
    monkeypatch.setattr(
        f"{__name__}.urlpatterns", [path("wait/", view.as_view(), name="wait")]
    )

    found = list(check_sync_middleware())

    assert [each.id for each in found] == ["practices.W059"] * number
    assert all("slow_middleware" in each.msg for each in found)


urlpatterns: list[Any] = []
