"""Gunicorn as a server runs it: its own processes, on a socket, with what it sends."""

import ast
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from config import gunicorn
from plinth.database.settings import Connections
from plinth.practices import probes
from plinth.practices.states import State
from plinth.server.resources import most_open_files
from plinth_tests.processes import COMPLETE, EMBEDDED, python

pytestmark = pytest.mark.practice(60)

ON_LINUX = pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux only")
# How a request starts that is not complete.
HALF = b"GET /health/live/ HTTP/1.1\r\nHost: example.com\r\n"


class Server:
    """One that runs beside the tests, with all that it writes and sends."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.socket = folder / "web.sock"
        self.metrics = folder / "metrics"
        self.log = folder / "log"
        # Whoever counts the requests.
        self.counter = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.counter.bind(("127.0.0.1", 0))
        self.counter.settimeout(10)
        variables = {
            "WEB_BIND": f"unix:{self.socket}",
            "WEB_CONCURRENCY": "2",
            "STATSD_HOST": f"127.0.0.1:{self.counter.getsockname()[1]}",
            "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
            **variables,
        }
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn"),
                    *("--config", "python:plinth.server.gunicorn", "config.wsgi"),
                ],
                cwd=settings.BASE_DIR,
                env={
                    "PATH": os.environ["PATH"],
                    "ENV_FILE": os.devnull,
                    **EMBEDDED,
                    **variables,
                },
                stdout=output,
                stderr=output,
            )

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/health/live/").status == 200
        except OSError:
            return False

    def connect(self) -> socket.socket:
        visitor = socket.socket(socket.AF_UNIX)
        visitor.settimeout(20)
        try:
            visitor.connect(str(self.socket))
        except OSError:
            visitor.close()
            raise
        return visitor

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("example.com")
        connection.sock = self.connect()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    def send(self, request: bytes) -> bytes:
        """The first line of the answer to what is no request of a browser."""
        with self.connect() as visitor:
            visitor.sendall(request)
            return first_line(visitor)

    def lines(self) -> list[dict[str, object]]:
        """What is in the log, but for the warnings of a project without its files."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(40)
        self.counter.close()


def first_line(visitor: socket.socket) -> bytes:
    return visitor.recv(4096).partition(b"\r\n")[0]


def wait_for(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "not within 20 s"
        time.sleep(0.05)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    try:
        wait_for(server.answers)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    metrics = folder / "metrics"
    metrics.mkdir()
    # What a process of the last run has left.
    (metrics / "counter_1.db").touch()
    with running(Server(folder)) as server:
        yield server


def test_each_name_is_one_that_gunicorn_knows() -> None:
    # It passes over what it does not know.
    from gunicorn.config import KNOWN_SETTINGS

    tree = ast.parse((settings.BASE_DIR / "config" / "gunicorn.py").read_text())
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    set_here = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    } | {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

    assert set_here - used <= {setting.name for setting in KNOWN_SETTINGS}


def test_each_waits_longer_than_the_one_behind_it() -> None:

    statement = 30
    example = (settings.BASE_DIR / ".env.example").read_text()
    assert f"DATABASE_STATEMENT_TIMEOUT={statement}\n" in example
    assert Connections.connect_timeout < statement
    assert statement <= gunicorn.graceful_timeout < gunicorn.timeout
    # What nginx has where its files don't say otherwise.
    assert gunicorn.timeout < 60 < gunicorn.keepalive
    for path in (settings.BASE_DIR / "deploy").rglob("nginx/**/*.conf"):
        text = path.read_text()
        for wait in re.findall(r"\bproxy_read_timeout\s+(\d+)s?;", text):
            assert gunicorn.timeout < int(wait), path
        for block in re.findall(r"\bupstream\s+\w+\s*\{.*?\}", text, re.DOTALL):
            for idle in re.findall(r"\bkeepalive_timeout\s+(\d+)s?;", block):
                assert int(idle) < gunicorn.keepalive, path


def test_a_page_comes_over_the_socket(server: Server) -> None:
    answer = server.get("/health/live/")

    assert answer.status == 200
    assert answer.getheader("Server") == "gunicorn"


def test_the_group_may_connect_and_nobody_else(server: Server) -> None:
    assert server.socket.stat().st_mode & 0o777 == 0o770


def test_a_visit_is_one_line_with_the_id_that_nginx_gave(server: Server) -> None:
    name = "0123456789abcdef0123456789abcdef"
    server.get("/health/live/", X_Request_ID=name)

    [line] = [line for line in server.lines() if line["request_id"] == name]
    assert line["path"] == "/health/live/"
    assert line["status"] == 200


@pytest.mark.parametrize(
    ("request_", "status", "said"),
    [
        (b"nonsense\r\n\r\n", b"400", "Invalid HTTP request line"),
        (HALF + b"A: " + b"a" * 9000 + b"\r\n\r\n", b"431", "limit request headers"),
        (HALF + b"A: a\r\n" * 70 + b"\r\n", b"431", "limit request headers"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"414", "Request Line is too"),
    ],
    ids=["nonsense", "a large header", "many headers", "a long line"],
)
def test_what_never_gets_to_django_is_answered_and_logged(
    server: Server, request_: bytes, status: bytes, said: str
) -> None:
    before = len(server.lines())

    assert server.send(request_).split()[1] == status
    [line] = [line for line in server.lines()[before:] if said in str(line["message"])]
    assert line["level"] == "WARNING"


def test_requests_are_counted_where_statsd_host_says(server: Server) -> None:
    server.get("/health/live/")

    seen = ""
    while "requests:1|c" not in seen or "duration:" not in seen:
        seen += server.counter.recv(1024).decode() + "\n"
    for line in seen.splitlines():
        assert line.startswith(f"{gunicorn.statsd_prefix}.gunicorn.")


def children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task/{process}/children")
    return list(map(int, tasks.read_text().split()))


@ON_LINUX
def test_processes_say_who_they_are(server: Server) -> None:
    def name(process: int) -> str:
        return Path(f"/proc/{process}/cmdline").read_text().rstrip("\0 ")

    master = server.process.pid
    assert name(master) == f"gunicorn: master [{gunicorn.proc_name}]"

    def workers_too() -> bool:
        # One bears its master's name until it has started.
        names = {name(worker) for worker in children(master)}
        return names == {f"gunicorn: worker [{gunicorn.proc_name}]"}

    wait_for(workers_too)


@ON_LINUX
def test_the_heartbeat_is_in_memory(server: Server) -> None:
    worker = children(server.process.pid)[0]
    names = []
    for file in Path(f"/proc/{worker}/fd").iterdir():
        # Some are closed while one looks.
        with suppress(FileNotFoundError):
            names.append(str(file.readlink()))

    assert any(name.startswith("/dev/shm/") for name in names)  # noqa: S108


@ON_LINUX
def test_workers_may_open_as_many_files_as_the_machine_lets_them(
    server: Server,
) -> None:
    worker = children(server.process.pid)[0]
    limits = Path(f"/proc/{worker}/limits").read_text()

    assert re.search(rf"Max open files +{most_open_files()} ", limits)


def test_counts_of_the_last_run_are_gone(server: Server) -> None:
    assert not (server.metrics / "counter_1.db").exists()


@ON_LINUX
def test_a_worker_that_is_gone_is_no_living_one_for_prometheus(server: Server) -> None:
    worker = children(server.process.pid)[0]
    gauge = server.metrics / f"gauge_livesum_{worker}.db"
    counter = server.metrics / f"counter_{worker}.db"
    gauge.touch()
    counter.touch()

    os.kill(worker, signal.SIGKILL)

    wait_for(lambda: not gauge.exists())
    # What it has counted still counts.
    assert counter.exists()
    wait_for(server.answers)


class OnPort(Server):
    """As in Kubernetes, where each connection comes from anywhere."""

    def __init__(self, folder: Path) -> None:
        # One that is free: gunicorn says which.
        super().__init__(folder, WEB_BIND="127.0.0.1:0", WEB_CONCURRENCY="1")

    def connect(self) -> socket.socket:
        said = re.search(r"Listening at: http://127.0.0.1:(\d+)", self.log.read_text())
        if not said:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", int(said[1])), timeout=20)


def test_who_stops_ends_what_it_has_begun_and_refuses_the_next(tmp_path: Path) -> None:
    with running(OnPort(tmp_path)) as server, server.connect() as begun:
        begun.sendall(HALF)
        # A moment, until it is read.
        time.sleep(0.2)
        server.process.terminate()

        def refuses() -> bool:
            try:
                server.connect().close()
            except ConnectionRefusedError:
                return True
            return False

        wait_for(refuses)
        assert server.process.poll() is None
        begun.sendall(b"\r\n")
        assert first_line(begun) == b"HTTP/1.1 200 OK"


@ON_LINUX
def test_who_stops_answers_all_who_have_connected(tmp_path: Path) -> None:
    with running(OnPort(tmp_path)) as server, ExitStack() as stack:
        [worker] = children(server.process.pid)
        # It is busy, so that they wait at the door.
        os.kill(worker, signal.SIGSTOP)
        visitors = [stack.enter_context(server.connect()) for _ in range(5)]
        for visitor in visitors:
            visitor.sendall(HALF + b"\r\n")
        server.process.terminate()
        time.sleep(0.5)
        os.kill(worker, signal.SIGCONT)

        assert {first_line(visitor) for visitor in visitors} == {b"HTTP/1.1 200 OK"}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"WEB_BIND": "https://example.com"},
            "The variable WEB_BIND must be like 127.0.0.1:8000 or unix:/run/app.sock.",
        ),
        (
            {"STATSD_HOST": "localhost"},
            "The variable STATSD_HOST must be like 127.0.0.1:8000 or unix:/run/app.sock.",
        ),
        ({"PORT": "65536"}, "The variable PORT must be a port, 1 to 65535."),
        (
            {"WEB_THREADS": "many"},
            "The variable WEB_THREADS must be a whole number, 1 or more.",
        ),
        (
            {"WEB_CONCURRENCY": "0"},
            "The variable WEB_CONCURRENCY must be a whole number, 1 or more.",
        ),
    ],
)
def test_a_bad_value_stops_the_start_with_one_line(
    variables: dict[str, str], said: str
) -> None:
    done = python(
        *("-m", "gunicorn", "--config", "python:plinth.server.gunicorn", "--check-config"),
        "config.wsgi",
        **COMPLETE | variables,
    )

    assert done.returncode != 0
    assert done.stderr.strip() == said


def test_threads_that_would_wait_for_a_connection_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {"pool": {"max_size": gunicorn.threads}}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    assert probes.web_server().state is State.ON

    monkeypatch.setattr(gunicorn, "threads", gunicorn.threads + 1)

    finding = probes.web_server()
    assert finding.state is State.OFF
    assert "raise DATABASE_POOL_SIZE to WEB_THREADS" in finding.detail
