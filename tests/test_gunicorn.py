"""The web server under load: restarts lose no request, and its size is its container's."""

import http.client
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.production import servable
from tests.services import gunicorn_on, wait_until
from tests.support import LEANEST, Say, run

PAGE = "/accounts/sign-in/"
RESOURCES = "plinth/src/plinth/server/resources.py"
VARIABLES = {"DATABASE_URL": "sqlite://", "LOG_LEVEL": "WARNING"}


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return servable(install(**LEANEST), tmp_path_factory.mktemp("site"))


class Web:
    """A gunicorn, by the path of its socket."""

    def __init__(self, path: Path, running: subprocess.Popen[bytes]) -> None:
        self.path, self.running = path, running

    def connect(self) -> socket.socket:
        visitor = socket.socket(socket.AF_UNIX)
        visitor.settimeout(120)
        try:
            visitor.connect(str(self.path))
        except OSError:
            visitor.close()
            raise
        return visitor

    def successor(self) -> int:
        """The master that was started by this one, once it has workers; or 0."""
        return next(filter(children, children(self.running.pid)), 0)


def children(process: int) -> list[int]:
    with suppress(OSError):
        tasks = Path(f"/proc/{process}/task/{process}/children")
        return list(map(int, tasks.read_text().split()))
    return []


@contextmanager
def serving(
    project: Path, path: Path, *options: str, **variables: str
) -> Iterator[Web]:
    log = path.with_suffix(".log")
    with gunicorn_on(path, project, log, *options, **VARIABLES | variables) as running:
        # It listens before it has workers.
        count = int(variables.get("WEB_CONCURRENCY", 1))
        wait_until(lambda: len(children(running.pid)) >= count)
        yield Web(path, running)


class Visitor(threading.Thread):
    """Asks for a page again and again, as nginx does: over connections that it keeps.

    One that the server has closed meanwhile is seen, and not used. Nothing is tried twice.
    """

    def __init__(
        self, web: Callable[[], Web], done: threading.Event, *, kept: bool, pause: float
    ) -> None:
        super().__init__()
        self.web, self.done, self.kept, self.pause = web, done, kept, pause
        self.answers, self.slowest = 0, 0.0
        self.failures: list[str] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("example.com")
        while not self.done.wait(self.pause):
            begin = time.monotonic()
            try:
                if connection.sock and select.select([connection.sock], [], [], 0)[0]:
                    connection.close()
                if not connection.sock:
                    connection.sock = self.web().connect()
                connection.request("GET", PAGE)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failures.append(repr(error))
                connection.close()
            else:
                self.answers += 1
            if not self.kept:
                connection.close()
            self.slowest = max(self.slowest, time.monotonic() - begin)


# Busy connections, idle ones, and new ones for each request.
VISITORS = [(True, 0), (True, 0), (True, 0.05), (True, 0.7), (False, 0), (False, 0.02)]


def visited(web: Callable[[], Web], restart: Callable[[], object]) -> str:
    """Restart under load; fail the test if a request was lost, or tell how many were not."""
    done = threading.Event()
    visitors = [Visitor(web, done, kept=kept, pause=wait) for kept, wait in VISITORS]
    for visitor in visitors:
        visitor.start()
    try:
        time.sleep(0.5)
        restart()
        time.sleep(0.5)
    finally:
        done.set()
        for visitor in visitors:
            visitor.join()
    assert [failure for visitor in visitors for failure in visitor.failures] == []
    answers = sum(visitor.answers for visitor in visitors)
    slowest = max(visitor.slowest for visitor in visitors)
    return f"{answers} requests, none lost, the slowest took {slowest * 1000:.0f} ms"


def test_replaced_workers_lose_no_request(
    project: Path, tmp_path: Path, record_property: Say
) -> None:
    options = ("--max-requests=100", "--max-requests-jitter=20")
    with serving(project, tmp_path / "web.sock", *options, WEB_CONCURRENCY="2") as web:
        first = set(children(web.running.pid))
        assert len(first) == 2

        def all_are_new() -> bool:
            return not first & set(children(web.running.pid))

        told = visited(lambda: web, lambda: wait_until(all_are_new))
    record_property("summary", f"each worker replaced after 100 requests: {told}")


def test_hup_loses_no_request(
    project: Path, tmp_path: Path, record_property: Say
) -> None:
    with serving(project, tmp_path / "web.sock", WEB_CONCURRENCY="2") as web:

        def renew() -> None:
            old = set(children(web.running.pid))
            web.running.send_signal(signal.SIGHUP)
            wait_until(lambda: not old & set(children(web.running.pid)))

        def twice() -> None:
            renew()
            renew()

        told = visited(lambda: web, twice)
    record_property("summary", f"HUP, twice: {told}")


def test_usr2_loses_no_request_and_loads_new_code(
    project: Path, tmp_path: Path, record_property: Say
) -> None:
    copy = servable(project, tmp_path)
    views = copy / "apps/pages/views.py"

    def page(web: Web) -> str:
        connection = http.client.HTTPConnection("example.com")
        connection.sock = web.connect()
        connection.request("GET", "/.well-known/security.txt")
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    with serving(copy, tmp_path / "web.sock", WEB_CONCURRENCY="2") as web:
        assert "T00:00:00Z" in page(web)
        new = 0

        def release() -> None:
            nonlocal new
            views.write_text(views.read_text().replace("T00:00:00Z", "T00:00:01Z"))
            web.running.send_signal(signal.SIGUSR2)
            wait_until(web.successor)
            new = web.successor()
            # Its workers have the code, and begin to serve.
            time.sleep(1)
            web.running.terminate()
            web.running.wait(40)

        try:
            told = visited(lambda: web, release)
            assert "T00:00:01Z" in page(web)
        finally:
            if new:
                os.kill(new, signal.SIGTERM)
                wait_until(lambda: not children(new))
    record_property("summary", f"USR2 to a new master: {told}")


def test_stopped_server_drains_its_requests(
    project: Path, tmp_path: Path, record_property: Say
) -> None:
    with (
        serving(project, tmp_path / "blue.sock") as blue,
        serving(project, tmp_path / "green.sock") as green,
    ):
        serves = blue

        def switch() -> None:
            nonlocal serves
            serves = green
            blue.running.terminate()
            assert blue.running.wait(40) == 0

        told = visited(lambda: serves, switch)
        # No file of a server that is gone for nginx to find.
        assert not blue.path.exists()
    record_property("summary", f"TERM after the switch to another: {told}")


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux only")
@pytest.mark.parametrize("count", [1, 2])
def test_one_process_per_usable_cpu_and_one_more(
    project: Path, tmp_path: Path, count: int
) -> None:
    available = os.sched_getaffinity(0)
    if len(available) < count:
        pytest.skip(f"this machine has no {count} CPUs")
    os.sched_setaffinity(0, sorted(available)[:count])
    try:
        with serving(project, tmp_path / "web.sock") as web:
            wait_until(lambda: len(children(web.running.pid)) == count + 1)
    finally:
        os.sched_setaffinity(0, available)


@pytest.mark.services("docker")
@pytest.mark.parametrize(("limit", "found"), [("0.5", 1), ("1", 1), ("1.5", 2)])
def test_container_counts_its_cpu_quota(project: Path, limit: str, found: int) -> None:
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        pytest.skip(
            "this machine has control groups of version 1, and gunicorn reads 2"
        )
    if (os.cpu_count() or 1) < found:
        pytest.skip(f"this machine has no {found} CPUs")
    said = run(
        *("docker", "run", "--rm", "--network=none", f"--cpus={limit}"),
        *("--volume", f"{project}/{RESOURCES}:/resources.py:ro"),
        *("python:3.13-slim-bookworm", "python", "-c"),
        "import sys; sys.path.append('/'); import resources; print(resources.cpus())",
        cwd=project,
    )

    assert said.split() == [str(found)]
