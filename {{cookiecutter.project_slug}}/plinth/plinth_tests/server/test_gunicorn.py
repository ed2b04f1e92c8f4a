"""gunicorn with the project's settings: processes, socket, log and statsd."""

import ast
import http.client
import json
import logging
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
from gunicorn.http.errors import InvalidRequestLine

from config import gunicorn
from plinth.database.settings import Connections, databases
from plinth.env import Env
from plinth.practices import probes
from plinth.practices.states import State
from plinth.server import gunicorn as defaults
from plinth.server.resources import most_open_files
from plinth.server.worker import Worker
from plinth_tests.processes import COMPLETE, EMBEDDED, environ, evaluate, python

pytestmark = pytest.mark.practice(60)

CONFIG = settings.BASE_DIR / "config" / "gunicorn.py"
ON_LINUX = pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux only")
PAGE = "/health/live/"
# The id of a process that can't exist: above Linux's largest.
GONE = 1 << 23
# An incomplete request.
HALF = b"GET /health/live/ HTTP/1.1\r\nHost: example.com\r\n"
# A worker as gunicorn forks it: the KB that a garbage collection copies.
FORK = """
import config.wsgi, gc, logging, os, sys
from pathlib import Path
from types import SimpleNamespace
from config import gunicorn
from django.conf import settings

def copied():
    facts = Path("/proc/self/smaps_rollup").read_text()
    return int(facts.partition("Private_Dirty:")[2].split()[0])

cfg = SimpleNamespace(preload_app=True, workers=1, threads=1)
gunicorn.on_starting(SimpleNamespace(cfg=cfg, log=logging.getLogger()))
read, write = os.pipe()
if not os.fork():
    before = copied()
    gc.collect()
    os.write(write, str(copied() - before).encode())
    os._exit(0)
os.wait()
result = [int(os.read(read, 99)), settings.ROOT_URLCONF in sys.modules]
"""


class Server:
    """gunicorn in a process of its own, with its log."""

    application: tuple[str, ...] = ("config.wsgi",)

    def __init__(self, folder: Path, **variables: str) -> None:
        self.socket = folder / "web.sock"
        self.log = folder / "log"
        self.statsd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.statsd.bind(("127.0.0.1", 0))
        self.statsd.settimeout(10)
        variables = {
            "WEB_BIND": f"unix:{self.socket}",
            "TMPDIR": str(folder),
            "WEB_CONCURRENCY": "2",
            "STATSD_HOST": f"127.0.0.1:{self.statsd.getsockname()[1]}",
            **variables,
        }
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn"),
                    *("--config", "python:config.gunicorn", *self.application),
                ],
                cwd=settings.BASE_DIR,
                env=environ("production", EMBEDDED | variables),
                stdout=output,
                stderr=output,
            )

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get(PAGE).status == 200
        except OSError:
            return False

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        try:
            client.connect(str(self.socket))
        except OSError:
            client.close()
            raise
        return client

    def get(
        self, path: str, method: str = "GET", **headers: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("example.com")
        connection.sock = self.connect()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response

    def send(self, request: bytes) -> bytes:
        """Return the status line of the response to bytes."""
        with self.connect() as client:
            client.sendall(request)
            return status_line(client)

    def lines(self) -> list[dict[str, object]]:
        """Return the JSON lines of the log; Python's own warnings are none."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.statsd.close()


def status_line(client: socket.socket) -> bytes:
    return client.recv(4096).partition(b"\r\n")[0]


def wait_for(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "not within 60 s"
        time.sleep(0.05)


@contextmanager
def running[S: Server](server: S) -> Iterator[S]:
    try:
        wait_for(server.answers)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    # Processes of an earlier run have left it.
    (folder / f"{defaults.NAME}-web-{GONE}").mkdir()
    with running(Server(folder)) as server:
        yield server


def test_settings_have_names_that_gunicorn_knows() -> None:
    """It ignores others."""
    from gunicorn.config import KNOWN_SETTINGS

    known = {setting.name for setting in KNOWN_SETTINGS}
    for path in (CONFIG, Path(str(defaults.__file__))):
        tree = ast.parse(path.read_text())
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        assigned = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        } | {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

        assert assigned - used <= known, path


def test_each_time_out_is_longer_than_the_one_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Env, "variables", {"DATABASE_URL": "postgres://app@db/app"})
    found = databases(Env(), sqlite=Path(), application_name="site")
    limit = re.search(
        r"statement_timeout=(\d+)s", found["default"]["OPTIONS"]["options"]
    )
    assert limit
    statement = int(limit[1])
    assert Connections.connect_timeout < statement
    assert statement <= gunicorn.graceful_timeout < gunicorn.timeout
    # nginx's default.
    assert gunicorn.timeout < 60 < gunicorn.keepalive
    for path in (settings.BASE_DIR / "deploy").rglob("nginx/**/*.conf"):
        text = path.read_text()
        for wait in re.findall(r"\bproxy_read_timeout\s+(\d+)s?;", text):
            assert gunicorn.timeout < int(wait), path
        for block in re.findall(r"\bupstream\s+\w+\s*\{.*?\}", text, re.DOTALL):
            for idle in re.findall(r"\bkeepalive_timeout\s+(\d+)s?;", block):
                assert int(idle) < gunicorn.keepalive, path


def test_page_is_served_over_the_socket(server: Server) -> None:
    response = server.get(PAGE)

    assert response.status == 200
    assert response.getheader("Server") == "gunicorn"


@pytest.mark.skipif(
    Path(settings.STATIC_ROOT).exists(), reason="static files are collected"
)
def test_start_without_static_files_says_so_in_one_line(server: Server) -> None:
    log = server.log.read_text()

    assert log.count("run manage.py collectstatic") == 1
    assert "No directory at" not in log


def test_only_owner_and_group_may_connect_to_the_socket(server: Server) -> None:
    assert server.socket.stat().st_mode & 0o777 == 0o770


def test_request_is_one_log_line_with_the_id_of_nginx(server: Server) -> None:
    name = "0123456789abcdef0123456789abcdef"
    # A health check that succeeds has no line.
    path = "/health/nowhere/"
    response = server.get(path, X_Request_ID=name)

    [line] = [line for line in server.lines() if line["request_id"] == name]
    assert line["path"] == path
    assert line["status"] == response.status


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        (b"nonsense\r\n\r\n", b"400", "Invalid HTTP request line"),
        (HALF + b"A: " + b"a" * 9000 + b"\r\n\r\n", b"431", "limit request headers"),
        (HALF + b"A: a\r\n" * 70 + b"\r\n", b"431", "limit request headers"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"414", "Request Line is too"),
    ],
    ids=["nonsense", "a large header", "many headers", "a long line"],
)
def test_malformed_request_is_answered_and_logged(
    server: Server, request_: bytes, status: bytes, message: str
) -> None:
    before = len(server.lines())

    assert server.send(request_).split()[1] == status
    [line] = [
        line for line in server.lines()[before:] if message in str(line["message"])
    ]
    assert line["level"] == "WARNING"


def test_malformed_request_has_no_id_of_an_earlier_one(server: Server) -> None:
    # Several, since any thread of any worker may serve one.
    for _ in range(30):
        server.get(PAGE)
        server.send(b"GET /\r\n\r\n")

    lines = [line for line in server.lines() if line["name"] == "gunicorn.error"]
    rejected = [line for line in lines if "Invalid request" in str(line["message"])]
    assert len(rejected) >= 30
    assert {line["request_id"] for line in rejected} == {"-"}


def test_malformed_request_is_logged_without_the_clients_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = Worker.__new__(Worker)
    worker.log = logging.getLogger("gunicorn.error")
    client, other = socket.socketpair()
    with client, other:
        worker.handle_error(
            None, client, ("203.0.113.7", 4711), InvalidRequestLine("GET /")
        )

    assert "Invalid request from ip=***" in caplog.text
    assert "203.0.113.7" not in caplog.text


def test_head_has_the_length_of_get_and_logs_no_warning(server: Server) -> None:
    before, length = len(server.lines()), server.get(PAGE).getheader("Content-Length")

    response = server.get(PAGE, method="HEAD")

    assert response.getheader("Content-Length") == length
    assert {line["level"] for line in server.lines()[before:]} <= {"INFO"}


def test_requests_are_counted_by_statsd(server: Server) -> None:
    server.get(PAGE)

    seen = ""
    while "requests:1|c" not in seen or "duration:" not in seen:
        seen += server.statsd.recv(1024).decode() + "\n"
    for line in seen.splitlines():
        assert line.startswith(f"{gunicorn.statsd_prefix}.gunicorn.")


def children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task/{process}/children")
    return list(map(int, tasks.read_text().split()))


@ON_LINUX
def test_processes_have_the_name_of_the_project(server: Server) -> None:
    def name(process: int) -> str:
        return Path(f"/proc/{process}/cmdline").read_text().rstrip("\0 ")

    master = server.process.pid
    assert name(master) == f"gunicorn: master [{gunicorn.proc_name}]"

    def workers_too() -> bool:
        # It has its master's name until it has started.
        names = {name(worker) for worker in children(master)}
        return names == {f"gunicorn: worker [{gunicorn.proc_name}]"}

    wait_for(workers_too)


@ON_LINUX
def test_heartbeat_file_is_in_memory(server: Server) -> None:
    worker = children(server.process.pid)[0]
    names = []
    for file in Path(f"/proc/{worker}/fd").iterdir():
        # Some are closed meanwhile.
        with suppress(FileNotFoundError):
            names.append(str(file.readlink()))

    assert any(name.startswith("/dev/shm/") for name in names)  # noqa: S108


@ON_LINUX
def test_workers_raise_their_limit_of_open_files(
    server: Server,
) -> None:
    worker = children(server.process.pid)[0]
    limits = Path(f"/proc/{worker}/limits").read_text()

    assert re.search(rf"Max open files +{most_open_files()} ", limits)


@ON_LINUX
def test_workers_share_the_memory_of_what_is_loaded() -> None:
    kilobytes, has_loaded_views = evaluate(FORK, **EMBEDDED)

    assert kilobytes < 5_000
    assert has_loaded_views


@ON_LINUX
def test_uploads_of_a_killed_worker_are_deleted(server: Server) -> None:
    folders = server.socket.parent
    assert not (folders / f"{defaults.NAME}-web-{GONE}").exists()
    worker, other = children(server.process.pid)[:2]
    folder = folders / f"{defaults.NAME}-web-{worker}"
    (folder / "tmp12345678.upload.pdf").touch()

    os.kill(worker, signal.SIGKILL)

    wait_for(lambda: not folder.exists())
    assert (folders / f"{defaults.NAME}-web-{other}").exists()
    wait_for(server.answers)


class OnPort(Server):
    """gunicorn on a TCP port, as in Kubernetes."""

    def __init__(self, folder: Path, **variables: str) -> None:
        # Port 0 is a free one, which the log names.
        variables |= {"WEB_BIND": "127.0.0.1:0", "WEB_CONCURRENCY": "1"}
        super().__init__(folder, **variables)

    def connect(self) -> socket.socket:
        port = re.search(r"Listening at: http://127.0.0.1:(\d+)", self.log.read_text())
        if not port:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", int(port[1])), timeout=20)


def test_stopping_worker_drains_and_refuses_connections(tmp_path: Path) -> None:
    with running(OnPort(tmp_path)) as server, server.connect() as client:
        client.sendall(HALF)
        # Until it is read.
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
        client.sendall(b"\r\n")
        assert status_line(client) == b"HTTP/1.1 200 OK"


@ON_LINUX
def test_stopping_worker_answers_its_backlog(tmp_path: Path) -> None:
    with running(OnPort(tmp_path)) as server, ExitStack() as stack:
        [worker] = children(server.process.pid)
        # Stopped, so that the kernel holds the connections in the backlog.
        os.kill(worker, signal.SIGSTOP)
        clients = [stack.enter_context(server.connect()) for _ in range(5)]
        for client in clients:
            client.sendall(HALF + b"\r\n")
        server.process.terminate()
        time.sleep(0.5)
        os.kill(worker, signal.SIGCONT)

        assert {status_line(client) for client in clients} == {b"HTTP/1.1 200 OK"}


@pytest.mark.parametrize(
    ("variables", "line"),
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
def test_malformed_variable_stops_the_start_with_one_line(
    variables: dict[str, str], line: str
) -> None:
    done = python(
        *("-m", "gunicorn", "--config", "python:config.gunicorn", "--check-config"),
        "config.wsgi",
        **COMPLETE | variables,
    )

    assert done.returncode != 0
    assert done.stderr.strip() == line


def test_probe_finds_more_threads_than_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {"pool": {"max_size": gunicorn.threads}}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    assert probes.web_server().state is State.ON

    monkeypatch.setattr(gunicorn, "threads", gunicorn.threads + 1)

    finding = probes.web_server()
    assert finding.state is State.OFF
    assert "raise DATABASE_POOL_SIZE to WEB_THREADS" in finding.detail
