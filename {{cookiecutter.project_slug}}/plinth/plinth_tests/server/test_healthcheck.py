"""A container asks itself whether what it runs does its work."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from plinth.server import healthcheck

pytestmark = pytest.mark.practice(73)

GUNICORN = "/opt/venv/bin/python\0/opt/venv/bin/gunicorn\0config.wsgi\0"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Say what the container was started for."""

    def started(command: str) -> None:
        (tmp_path / "cmdline").write_text(command)
        monkeypatch.setattr(alive, "FIRST_PROCESS", tmp_path / "cmdline")

    started(GUNICORN)
    return started


@contextmanager
def server(bind: str, status: int = 200) -> Iterator[int]:
    """A real server at an address or a socket, which is alive with this status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/live/" else 404)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

        # Who comes by a socket has no address.
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


def problem() -> str:
    with pytest.raises(SystemExit) as stop:
        healthcheck.main()
    return str(stop.value.code or "")


@pytest.mark.parametrize("listens", ["0.0.0.0", "127.0.0.1"])  # noqa: S104
def test_a_web_that_answers_is_alive(
    started: object, monkeypatch: pytest.MonkeyPatch, listens: str
) -> None:
    with server(listens) as port:
        monkeypatch.setenv("WEB_BIND", f"{listens}:{port}")
        assert not problem()

        # Whatever else there is, and through no proxy.
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.delenv("WEB_BIND")
        monkeypatch.setenv("PORT", str(port))
        assert not problem()


def test_a_web_that_listens_on_ipv6_is_alive(
    started: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        try:
            port = stack.enter_context(server("::1"))
        except OSError:
            pytest.skip("no IPv6 here")
        for listens in ("[::]", "[::1]"):
            monkeypatch.setenv("WEB_BIND", f"{listens}:{port}")
            assert not problem()


def test_a_web_behind_a_socket_is_asked_there(
    started: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Short: a socket's path has at most 107 characters.
    path = f"/tmp/alive-{os.getpid()}.sock"  # noqa: S108
    monkeypatch.setenv("WEB_BIND", f"unix:{path}")
    try:
        with server(path):
            assert not problem()
        assert "does not answer" in problem()
    finally:
        Path(path).unlink()


def test_a_web_that_is_gone_busy_or_silent_is_not_alive(
    started: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server("127.0.0.1", 503) as port:
        monkeypatch.setenv("WEB_BIND", f"127.0.0.1:{port}")
        assert problem().endswith("answers 503")

    assert "does not answer" in problem()

    monkeypatch.setattr(alive, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("WEB_BIND", f"127.0.0.1:{silent.getsockname()[1]}")
        # Who waits longer is refused: this test ends in any case.
        end = threading.Timer(5, silent.shutdown, [socket.SHUT_RDWR])
        end.start()
        assert "timed out" in problem()
        end.cancel()

    monkeypatch.setenv("WEB_BIND", "nonsense")
    assert "does not answer" in problem()


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("python\0manage.py\0migrate\0", False),
        ("/sbin/docker-init\0--\0python\0manage.py\0migrate\0", False),
        ("python\0manage.py\0runserver\0", True),
        ("sh\0-c\0python manage.py migrate && exec gunicorn config.wsgi\0", True),
        ("gunicorn: master [my_site]\0", True),
        (GUNICORN, True),
    ],
)
def test_a_command_is_alive_while_it_runs_and_a_server_is_asked(
    started: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    asked: bool,
) -> None:
    monkeypatch.setenv("WEB_BIND", "127.0.0.1:1")
    started(command)

    assert bool(problem()) is asked
