"""`make load` of a project: it records, compares, reports, and leaves nothing behind."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.conftest import Bake
from tests.services import free_port, wait_until
from tests.support import (
    DEFAULT,
    LEANEST,
    Say,
    clean_environment,
    copy_of,
    refusal,
    run,
)

# As short as it can be: what counts here is not how fast.
SHORT = "--rounds 1 --seconds 0.2 --users 2"
SITE = {"Visit", "Sign in", "Profile", "Health"}
CATALOG = {"Browse", "Search", "Review"}

# Requests that wait, as for a database: 200 ms on average, exponentially distributed.
MEAN = 0.2
WAITING = f"""
import random, time

chance = random.Random(2)

def application(environ, start_response):
    time.sleep(chance.expovariate(1 / {MEAN}))
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
COMPARE = """
import json, random, sys
from plinth.benchmarks.locustfile import arrivals
from plinth.benchmarks.queueing import simulate
from plinth.benchmarks.standard import quantile

url, rate, mean = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
chance = random.Random(3)
times = [chance.expovariate(1 / mean) for _ in range(10_000)]
predicted, measured = (
    [quantile(each, n) for n in (50, 95)]
    for each in (
        [1000 * each for each in simulate(rate, times, 4)],
        arrivals(url, rate, 40),
    )
)
print(json.dumps([predicted, measured]))
"""


@pytest.fixture(
    params=[
        pytest.param(DEFAULT, id="default"),
        pytest.param(LEANEST, id="leanest", marks=pytest.mark.scale),
    ]
)
def project(install: Bake, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A project to run it in."""
    copy = copy_of(install(**request.param), tmp_path)
    run("git", "init", "--quiet", cwd=copy)
    run("git", "add", "--all", cwd=copy)
    return copy


def test_load_test_records_compares_and_leaves_nothing_behind(
    project: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {"TMPDIR": str(temporary), "ENV_FILE": os.devnull}
    load = (project / ".venv/bin/python", "-m", "plinth.benchmarks.load_test")
    standard = project / "load.json"

    said = run(*load, *SHORT.split(), cwd=project, env=env)

    assert "Recorded load.json. Commit it" in said
    recorded = json.loads(standard.read_text())
    catalog = CATALOG if (project / "apps/catalog").exists() else set()
    assert recorded["journeys"].keys() == SITE | catalog
    assert all(each["errors"] == 0 for each in recorded["journeys"].values())
    new = run("git", "status", "--porcelain", cwd=project).splitlines()
    assert [line for line in new if line.startswith("??")] == ["?? load.json"]

    health = [*SHORT.split(), "--only=health"]
    for limit, loose in recorded["limits"].items():
        recorded["limits"][limit] = 0.001 if loose < 1 else 1000
    standard.write_text(json.dumps(recorded))
    assert "No journey is worse" in run(*load, *health, cwd=project, env=env)

    recorded["limits"]["p50"] = 0.01
    standard.write_text(json.dumps(recorded))
    refusal(*load, *health, cwd=project, env=env)

    history = (project / ".load/history.jsonl").read_text().splitlines()
    assert [bool(json.loads(line)["code"]) for line in history] == [
        False,
        False,
        True,
    ]
    assert "times the standard&#x27;s" in (project / ".load/report.html").read_text()
    assert not list(temporary.iterdir())

    *_, line = refusal(*load, "--only=nothing", cwd=project, env=env)
    assert line.startswith("No journey has 'nothing' in its name: Visit, ")


class Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 200
    seen: ClassVar[list[str]] = []

    def answer(self) -> None:
        self.seen.append(self.command)
        self.send_response(self.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("project", [LEANEST], ids=["leanest"], indirect=True)
def test_deployed_site_gets_the_journeys_and_no_forms(
    project: Path, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("make", "--silent", "load", f"HOST={site}", "USERS=3")
    short = "ARGS=--run-time=3s --spawn-rate=9"

    run(*words, short, cwd=project, env={"ENV_FILE": os.devnull})

    assert {*Site.seen} == {"GET"}
    assert (project / ".load/deployed.html").exists()
    refusal(*words, short, "WRITES=1", cwd=project)
    monkeypatch.setattr(Site, "status", 500)
    refusal(*words, short, cwd=project)


@pytest.mark.parametrize("project", [LEANEST], ids=["leanest"], indirect=True)
def test_queueing_model_predicts_a_measured_gunicorn(
    project: Path, tmp_path: Path, record_property: Say
) -> None:
    (tmp_path / "waiting.py").write_text(WAITING)
    port = free_port()
    env = clean_environment() | {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
    python = project / ".venv/bin/python"
    command = [
        *(str(python), "-m", "gunicorn", "--config=python:plinth.server.gunicorn"),
        *(f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=4"),
        *(f"--pythonpath={tmp_path}", "waiting:application"),
    ]
    with subprocess.Popen(
        command,
        cwd=project,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_until(lambda: answers(port))
            rate = 0.7 * 4 / MEAN
            url = f"http://127.0.0.1:{port}"
            # Other work of the machine makes requests wait longer, never shorter.
            for _ in range(3):
                said = run(
                    *(python, "-c", COMPARE, url, str(rate), str(MEAN)),
                    cwd=project,
                    env={"DJANGO_SETTINGS_MODULE": "config.settings.test"},
                )
                predicted, measured = json.loads(said.splitlines()[-1])
                within = pytest.approx(predicted, rel=0.25)
                if measured == within:
                    break
        finally:
            server.terminate()

    record_property(
        "summary",
        "response times at 70 % load, predicted and measured: p50 "
        f"{predicted[0]:.0f} and {measured[0]:.0f} ms, p95 {predicted[1]:.0f} and "
        f"{measured[1]:.0f} ms (aim: within 25 %)",
    )
    assert measured == within


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
