"""Container healthcheck of each role."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from plinth.server import healthcheck

pytestmark = pytest.mark.practice(73)


@contextmanager
def server(bind: str, status: int = 200) -> Iterator[int]:
    """Serve /health/live/ with a status at an address, or at a socket's path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/live/" else 404)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

        # A peer of a unix socket has no address.
        def address_string(self) -> str:
            return ""

    family = {"/": socket.AF_UNIX, ":": socket.AF_INET6}.get(bind[0], socket.AF_INET)
    address: Any = bind if family == socket.AF_UNIX else (bind, 0)

    class Server(HTTPServer):
        address_family = family

        def server_bind(self) -> None:
            self.socket.bind(address)

    with Server(address, Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=[0.01])
        thread.start()
        try:
            name = serving.socket.getsockname()
            yield name[1] if isinstance(name, tuple) else 0
        finally:
            serving.shutdown()
            thread.join()


def check(monkeypatch: pytest.MonkeyPatch, *arguments: str, **variables: str) -> str:
    """Return the error that the healthcheck exits with; empty if it is healthy."""
    for name in ("PORT", "WEB_BIND"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["healthcheck", *arguments])
    with pytest.raises(SystemExit) as stop:
        healthcheck.main()
    return str(stop.value.code or "")


@pytest.mark.parametrize("listens", ["0.0.0.0", "127.0.0.1"])  # noqa: S104
def test_web_that_answers_is_healthy(
    monkeypatch: pytest.MonkeyPatch, listens: str
) -> None:
    # Not through a proxy, whatever the environment says.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with server(listens) as port:
        assert not check(monkeypatch, "web", WEB_BIND=f"{listens}:{port}")
        assert not check(monkeypatch, "web", PORT=str(port))


def test_web_below_a_path_is_probed_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/shop")
    with server("127.0.0.1") as port:
        bind = f"127.0.0.1:{port}"
        # This server knows no path but its own.
        assert check(monkeypatch, "web", WEB_BIND=bind) == f"{bind} answers 404"


def test_web_on_ipv6_is_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        try:
            port = stack.enter_context(server("::1"))
        except OSError:
            pytest.skip("no IPv6 here")
        for listens in ("[::]", "[::1]"):
            assert not check(monkeypatch, "web", WEB_BIND=f"{listens}:{port}")


def test_web_behind_a_unix_socket_is_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    # Short: a socket's path has at most 107 characters.
    path = f"/tmp/healthcheck-{os.getpid()}.sock"  # noqa: S108
    try:
        with server(path):
            assert not check(monkeypatch, "web", WEB_BIND=f"unix:{path}")
        error = check(monkeypatch, "web", WEB_BIND=f"unix:{path}")
        assert "does not answer" in error
    finally:
        Path(path).unlink()


def test_dead_or_failing_or_silent_web_is_unhealthy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with server("127.0.0.1", 503) as port:
        bind = f"127.0.0.1:{port}"
        assert check(monkeypatch, "web", WEB_BIND=bind) == f"{bind} answers 503"

    assert "does not answer" in check(monkeypatch, "web", WEB_BIND=bind)
    assert "does not answer" in check(monkeypatch, "web", WEB_BIND="nonsense")

    monkeypatch.setattr(healthcheck, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bind = f"127.0.0.1:{silent.getsockname()[1]}"
        # Ends this test if the time-out does not.
        end = threading.Timer(5, silent.shutdown, [socket.SHUT_RDWR])
        end.start()
        assert "timed out" in check(monkeypatch, "web", WEB_BIND=bind)
        end.cancel()


@pytest.mark.parametrize(
    ("role", "node"),
    [("worker", []), ("beat", [f"celerybeat@{socket.gethostname()}"])],
)
def test_celery_process_is_pinged(
    monkeypatch: pytest.MonkeyPatch, role: str, node: list[str]
) -> None:
    def execute(path: str, arguments: list[str]) -> None:
        # It replaces the process.
        raise SystemExit(" ".join(arguments))

    monkeypatch.setattr(os, "execv", execute)

    command = check(monkeypatch, role).split()

    assert command == [sys.executable, "-m", "plinth.tasks.ping", *node]


@pytest.mark.parametrize("arguments", [[], ["web", "worker"], ["database"]])
def test_role_is_required(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    usage = "Usage: python -m plinth.server.healthcheck web|worker|beat"

    assert check(monkeypatch, *arguments) == usage
