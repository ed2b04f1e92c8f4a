"""Load test: journeys by locust, a recorded standard, the verdict, the report."""

import argparse
import json
import subprocess
import sys
import threading
import time
from ast import literal_eval
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from plinth.benchmarks import load_test, report, standard
from plinth.benchmarks.journeys import JourneyError, link
from plinth_tests.processes import EMBEDDED, environ, run

pytestmark = pytest.mark.practice(46)

needs_locust = pytest.mark.skipif(
    find_spec("locust") is None, reason="locust is not installed: make .venv/load"
)
MACHINE = {
    **dict.fromkeys(("python", "django", "gunicorn"), "1"),
    "cpus": 2,
    "database": "SQLite 3",
    "cache": "local memory",
}


def seen(factor: float = 1, errors: int = 0, base: float = 2) -> dict[str, Any]:
    """Return what locust saw: a hundred journeys of two requests."""
    error = ["page: status 500, not 200"] * errors
    return {
        "one": [
            [["home", 4 * factor, base, ""], ["list", (6 + n / 10) * factor, base, ""]]
            for n in range(100)
        ],
        "many": [{"rate": 100 / factor, "cpu_ms": 3, "requests": 800, "errors": error}],
        "bare": [{"rate": 400 / base, "cpu_ms": 1, "requests": 800, "errors": []}],
    }


def compare(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    recorded = {"journeys": {"Browse": standard.relative(before)}}
    return [*standard.failures(recorded, {"Browse": standard.relative(now)})]


def test_journey_within_the_limits_passes() -> None:
    assert compare(seen(), seen(1.1)) == []


def test_slower_journey_fails_with_a_line_for_each_limit() -> None:
    assert compare(seen(), seen(1.3)) == [
        "Browse: p50 is 1.30 times the standard's; the limit is 1.15.",
        "Browse: home takes 1.30 times the standard's p50; the limit is 1.2.",
        "Browse: list takes 1.30 times the standard's p50; the limit is 1.2.",
    ]


def test_one_slow_request_of_a_journey_fails() -> None:
    now = seen()
    for steps in now["one"]:
        steps[0][1] *= 1.3

    assert compare(seen(), now) == [
        "Browse: home takes 1.30 times the standard's p50; the limit is 1.2."
    ]


@pytest.mark.parametrize(
    ("slow", "fact"), [(8, "p95 is 3.11"), (2, "p99 is 2.96")], ids=["p95", "p99"]
)
def test_slow_tail_fails(slow: int, fact: str) -> None:
    now = seen()
    for steps in now["one"][:slow]:
        steps[1][1] *= 9

    lines = compare(seen(), now)

    assert any(line.startswith(f"Browse: {fact}") for line in lines), lines
    assert not any("p50" in line for line in lines)


def test_fewer_requests_per_second_fail() -> None:
    now = seen()
    now["many"][0]["rate"] = 60

    assert compare(seen(), now) == [
        "Browse: requests/s are 0.60 times the standard's; the limit is 0.65."
    ]


def test_errors_fail() -> None:
    assert compare(seen(), seen(errors=5)) == [
        "Browse: 0.50% of requests fail; the standard has 0.00%."
    ]
    assert compare(seen(errors=5), seen(errors=5)) == []


def test_slower_machine_gives_the_same_numbers() -> None:
    slow = seen(factor=3, base=6)

    assert standard.relative(slow) == standard.relative(seen())
    assert standard.absolute(slow)["calibration_ms"] == 6


def test_journey_of_the_standard_that_was_not_run_fails_unless_some_were_chosen() -> (
    None
):
    recorded = {"journeys": {"Browse": standard.relative(seen())}}

    assert [*standard.failures(recorded, {})] == [
        "Browse: it is in the standard, and was not run."
    ]
    assert [*standard.failures(recorded, {}, partly=True)] == []


def test_slow_journey_is_measured_again_and_fails_if_it_is_slow_twice() -> None:
    recorded = {
        "journeys": {n: standard.relative(seen()) for n in ("Browse", "Search")}
    }

    assert standard.worse(recorded, {"Browse": seen(1.3), "Search": seen()}) == [
        "Browse"
    ]
    assert standard.worse({}, {"Browse": seen(1.3)}) == []
    slow, fine = standard.relative(seen(1.3, errors=5)), standard.relative(seen())
    assert standard.better(slow, slow) == slow
    assert standard.better(slow, fine) == fine | {"errors": slow["errors"]}


def test_recording_leaves_limits_and_other_journeys_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "load.json"
    limits = {"p50": 3, "request": 3}
    file.write_text(json.dumps({"limits": limits, "journeys": {"Other": {}}}))

    standard.write(file, MACHINE, {"Browse": standard.relative(seen())})

    written = standard.read(file)
    assert written["limits"] == limits
    assert written["journeys"].keys() == {"Other", "Browse"}
    slow = {"Browse": standard.relative(seen(2.4)), "Other": {}}
    del written["journeys"]["Other"]
    assert not any("p50" in line for line in standard.failures(written, slow))


class Conclude:
    """Verdicts in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.standard = folder / "load.json"

    def __call__(
        self, found: dict[str, Any], *, record: bool = False, **machine: str
    ) -> int:
        arguments = argparse.Namespace(
            record=record, standard=self.standard, only="", users=2
        )
        whole = {"journeys": found, "capacity": 300, "rate": 180, "times": [3.0, 4.0]}
        return load_test.conclude(arguments, MACHINE | machine, whole)


@pytest.fixture
def conclude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Conclude:
    monkeypatch.chdir(tmp_path)
    return Conclude(tmp_path)


def test_first_run_records_and_later_ones_compare(
    conclude: Conclude, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conclude({"Browse": seen()}) == 0
    assert "Commit it" in capsys.readouterr().out
    assert conclude({"Browse": seen(1.3)}) == 1
    assert "p50 is 1.30 times" in capsys.readouterr().out
    assert conclude({"Browse": seen(1.3)}, record=True) == 0
    assert conclude({"Browse": seen(1.3)}) == 0


def test_journey_with_errors_is_not_recorded(
    conclude: Conclude, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conclude({"Browse": seen(errors=5)}) == 1
    assert not conclude.standard.exists()
    assert "0.50% of requests fail, so nothing is recorded." in capsys.readouterr().out
    assert conclude({"Browse": seen()}) == 0
    assert conclude({"Browse": seen(errors=5)}, record=True) == 1
    assert standard.read(conclude.standard)["journeys"]["Browse"]["errors"] == 0


def test_standard_of_another_database_is_not_compared(
    conclude: Conclude, capsys: pytest.CaptureFixture[str]
) -> None:
    conclude({"Browse": seen()}, database="PostgreSQL 17.1")

    assert conclude({"Browse": seen()}, database="PostgreSQL 18.0") == 0
    assert conclude({"Browse": seen()}) == 2
    assert capsys.readouterr().err == (
        "The standard is of PostgreSQL 17.1, this run of SQLite 3: start the same, or "
        "record again with ARGS=--record.\n"
    )


def test_busy_machine_fails_for_errors_only(
    conclude: Conclude, capsys: pytest.CaptureFixture[str]
) -> None:
    def disturbed(**changes: Any) -> dict[str, Any]:
        found = seen(**changes)
        # A sixth waits for a CPU, as the calibrations do.
        for number, steps in enumerate(found["one"]):
            for step in steps:
                step[1], step[2] = (x * (1 if number % 6 else 4) for x in step[1:3])
        return found

    conclude({"Browse": seen()})
    assert conclude({"Browse": disturbed()}) == 0
    assert conclude({"Browse": disturbed(factor=1.3)}) == 2
    assert "The machine is busy" in capsys.readouterr().out
    assert conclude({"Browse": disturbed(errors=5)}) == 1


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def test_report_has_charts_the_history_and_nothing_from_elsewhere(
    conclude: Conclude, tmp_path: Path
) -> None:
    for factor in (1, 1.1, 1.3):
        conclude({"Browse": seen(factor), "<Search>": seen()})

    text = (tmp_path / ".load/report.html").read_text()
    page = Tags(text)
    assert "Browse: p50 is 1.30 times the standard&#x27;s" in text
    assert "&lt;Search&gt;" in text
    # Three times of each journey, one of which is too slow; a dot for each run.
    assert [bar["class"] for bar in page.of("rect")] == [
        *("bad", "tail", "tail"),
        *("ok", "tail", "tail"),
    ]
    assert [dot["class"] for dot in page.of("circle")] == ["ok", "ok", "bad"] + [
        "ok"
    ] * 3
    # A strict policy: the page's own style, by its hash, and no script, image or address.
    policy = next(each["content"] for each in page.of("meta") if "http-equiv" in each)
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'"
    assert not page.of("script") + page.of("link") + page.of("img")
    assert not any(
        {"style", "src", "href"} & attributes.keys() for _, attributes in page.tags
    )
    lines = (tmp_path / ".load/history.jsonl").read_text().splitlines()
    assert [len(json.loads(line)["failures"]) for line in lines] == [0, 0, 3]
    assert (tmp_path / ".load/.gitignore").read_text() == "*\n"


def test_report_of_a_journey_that_is_not_in_the_standard() -> None:
    entry = {
        **MACHINE,
        "at": "now",
        "commit": "abc",
        "users": 2,
        "lines": [],
        "journeys": {"New": standard.relative(seen())},
        "absolute": {"New": standard.absolute(seen())},
    }

    assert "New" in report.page([entry], {"journeys": {}})


def test_link_is_found_by_the_name_of_its_url() -> None:
    page = '<a href="/no/such/page/">1</a> <a href="/health/live/?a">2</a>'

    assert link(page, "health:live") == "/health/live/"
    with pytest.raises(JourneyError, match="no link to health:ready"):
        link(page, "health:ready")


def locust(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run locust's side, which patches its whole process."""
    site = {"DJANGO_SETTINGS_MODULE": "config.settings.production"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environ("production", EMBEDDED | site | variables),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


class Handler(BaseHTTPRequestHandler):
    """A site, one of whose pages becomes slow and another one fails."""

    protocol_version = "HTTP/1.1"
    broken = False

    def do_GET(self) -> None:
        time.sleep(0.05 if self.broken and "live" in self.path else 0)
        self.send_response(500 if self.broken and "ready" in self.path else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@needs_locust
def test_planted_slowdown_and_errors_fail_a_run_of_locust(
    site: str,
    monkeypatch: pytest.MonkeyPatch,
    conclude: Conclude,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # What is planted is far more than the other work of a busy machine.
    monkeypatch.setattr(standard, "BUSY", float("inf"))
    server = {"url": site, "pid": 0}
    run = {
        "journeys": ["Health"],
        "rounds": 1,
        "seconds": 0.2,
        "users": 2,
        "utilisation": 0.2,
    }
    run |= {"site": server, "bare": server}

    def go() -> dict[str, Any]:
        done = locust("-m", "plinth.benchmarks.locustfile", json.dumps(run))
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)["journeys"]
        return found

    assert conclude(go()) == 0
    monkeypatch.setattr(Handler, "broken", True)
    assert conclude(go()) == 1
    said = capsys.readouterr().out
    assert "Health: live takes" in said
    assert "Health: 50.00% of requests fail; the standard has 0.00%." in said


# Without a server: which users there are, and what a journey that does not write may send.
GUARDS = """
import os, runpy
def users():
    names = runpy.run_path({file!r}, run_name="locustfile")
    return [name for name, value in names.items() if hasattr(value, "journey")]
reading = users()
os.environ["LOAD_WRITES"] = "1"
from http.cookiejar import CookieJar
from types import SimpleNamespace
from plinth.benchmarks.locustfile import JourneyError, LocustVisitor
client = SimpleNamespace(cookiejar=CookieJar(), base_url="https://example.com")
try:
    LocustVisitor(client, 0, may_write=False).post("/", "form", {{}})
except JourneyError as error:
    print([reading, users(), str(error)])
"""


@needs_locust
def test_deployed_site_gets_no_form_unless_asked() -> None:
    done = locust("-c", GUARDS.format(file=str(load_test.LOCUSTFILE)))

    reading, writing, error = literal_eval(done.stdout)
    assert {"Visit", "Health"} <= {*reading}
    assert not {"Sign in", "Profile"} & {*reading}
    assert {"Sign in", "Profile"} <= {*writing}
    assert error == "form: a journey that sends forms needs writes=True"


def test_no_visitor_is_throttled_though_all_have_one_ip(tmp_path: Path) -> None:
    """An hour's sign-ins, of one account and of one client."""
    variables = EMBEDDED | {
        "BENCHMARK_FOLDER": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.site",
    }
    code = """
import django; django.setup()
from django.test import RequestFactory
from plinth.http.throttle import consume
request = RequestFactory().get("/")
print([consume(request, "sign-in", "ann@example.com") for _ in range(1000)].count(0))
"""
    done = run(code, **variables)

    assert done.stdout.strip() == "1000", done.stderr
