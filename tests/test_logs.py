"""Central logging: syslog-ng, as deploy/logs has it, ships to a receiver that may be down."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from tests.conftest import Bake
from tests.services import free_port, wait_until
from tests.support import Say
from tests.test_docker import RESTRICTED, container, docker, named, options, state

pytestmark = pytest.mark.services("docker")

LOG = "com.docker.compose.service"


class Receiver:
    """A port that takes what is posted, with the status of the day."""

    def __init__(self, port: int, status: int = 204) -> None:
        self.port, self.status, self.posts = port, status, 0
        self.bodies: list[str] = []
        self.headers: dict[str, str] = {}

    @contextmanager
    def up(self) -> Iterator[None]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts += 1
                receiver.headers = dict(self.headers) | {"path": self.path}
                if receiver.status < 300:
                    receiver.bodies.append(body.decode())
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Say nothing: what arrives is what counts."""

        with ThreadingHTTPServer(("127.0.0.1", self.port), Handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            yield
            server.shutdown()

    def lines(self) -> list[tuple[dict[str, str], int, str]]:
        """Labels, nanoseconds and line, as Loki understands a push."""
        return [
            (stream["stream"], int(when), line)
            for body in self.bodies
            for stream in json.loads(body)["streams"]
            for when, line in stream["values"]
        ]


class Shipper:
    """The container of logs.yml over a folder of its own, in place of Docker's."""

    def __init__(self, image: str, project: Path, folder: Path) -> None:
        self.image = image
        self.receiver = Receiver(free_port())
        self.files, self.buffer = folder / "containers", folder / "buffer"
        self.nginx = folder / "nginx"
        for each in (self.files / "abc", self.buffer, self.nginx):
            each.mkdir(parents=True)
        self.file = self.files / "abc/abc-json.log"
        self.conf = folder / "syslog-ng.conf"
        text = (project / "deploy/logs/syslog-ng.conf").read_text()
        # Retried every second, or the tests would wait.
        assert "time-reopen(5)" in text
        self.conf.write_text(text.replace("time-reopen(5)", "time-reopen(1)"))

    def write(self, *lines: str, service: str = "web-blue") -> None:
        with self.file.open("a") as file:
            for number, line in enumerate(lines):
                entry: dict[str, Any] = {"log": f"{line}\n", "stream": "stderr"}
                if service:
                    entry["attrs"] = {LOG: service}
                entry["time"] = f"2026-01-02T03:04:05.{number % 1000:03}Z"
                file.write(json.dumps(entry) + "\n")

    @contextmanager
    def runs(self, **variables: str) -> Iterator[str]:
        given = {
            "LOGS_FROM": "docker",
            "LOGS_TO": "loki",
            "LOGS_URL": f"http://127.0.0.1:{self.receiver.port}/loki/api/v1/push",
            "LOGS_BUFFER": "536870912",
            "LOGS_AUTHORIZATION": "",
        }
        before = [
            *RESTRICTED,
            *("--network", "host", "--memory", "128m"),
            *("--volume", f"{self.files}:/var/lib/docker/containers:ro"),
            *("--volume", f"{self.nginx}:/var/log/nginx:ro"),
            *("--volume", f"{self.conf}:/etc/syslog-ng/syslog-ng.conf:ro"),
            *("--volume", f"{self.buffer}:/var/lib/syslog-ng"),
            *options(**given | variables),
        ]
        with container(self.image, before=before) as name:
            yield name

    def arrived(self) -> int:
        return len(self.receiver.lines())

    def numbers(self) -> list[int]:
        return [json.loads(line)["n"] for _, _, line in self.receiver.lines()]


@pytest.fixture(scope="module")
def project(bake: Bake) -> Path:
    return bake()


@pytest.fixture(scope="module")
def image(project: Path) -> Iterator[str]:
    build = ["build", "--quiet", str(project / "deploy/logs"), "--tag"]
    with named(lambda name: docker(*build, name), "image", "rm", "--force") as name:
        yield name


@pytest.fixture
def shipper(image: str, project: Path, tmp_path: Path) -> Shipper:
    return Shipper(image, project, tmp_path)


def numbered(first: int, count: int) -> list[str]:
    padding = "x" * 300
    return [
        json.dumps({"level": "INFO", "n": number, "padding": padding})
        for number in range(first, first + count)
    ]


JSON_LINE = json.dumps(
    {"level": "WARNING", "request_id": "0a1b2c3d", "message": 'It\'s "né" \\ \t\n'}
)
# Line, and the level that it should have.
LINES = {
    JSON_LINE: "warning",
    '{"level": "from-elsewhere-4711"}': "info",
    '{"broken": ': "info",
    "plain, with 'quotes' \"of\" two \\ kinds and \x1b[0m": "info",
    "Traceback (most recent call last):": "error",
    '  File "manage.py", line 3, in <module>': "info",
    "2026/01/02 03:04:05 [warn] 7#7: *1 an upstream response is buffered": "warning",
    "2026/01/02 03:04:05 [emerg] 1#1: host not found": "critical",
    "2026-01-02 03:04:05 UTC [33] app@app site LOG:  duration: 1200 ms": "info",
    "2026-01-02 03:04:05 UTC [33] app@app site FATAL:  too many": "critical",
    "1:M 02 Jan 2026 03:04:05.678 * Ready to accept connections": "info",
}


def test_lines_arrive_unchanged_with_few_labels(shipper: Shipper) -> None:
    shipper.write(*LINES)
    with shipper.receiver.up(), shipper.runs(LOGS_AUTHORIZATION="Basic YTpi"):
        wait_until(lambda: shipper.arrived() == len(LINES))

    found = {line: labels for labels, _, line in shipper.receiver.lines()}
    assert {line: labels["level"] for line, labels in found.items()} == LINES
    # A request's id would be a stream of its own for each request.
    assert {*map(frozenset, found.values())} == {frozenset({"service", "level"})}
    assert {labels["service"] for labels in found.values()} == {"web-blue"}
    start = 1767323045000000000
    assert [when for _, when, _ in shipper.receiver.lines()] == [
        start + number * 1_000_000 for number in range(len(LINES))
    ]
    assert shipper.receiver.headers["Authorization"] == "Basic YTpi"


def test_line_of_16_kilobytes_arrives_whole(shipper: Shipper) -> None:
    long = json.dumps({"level": "ERROR", "exc_info": '"\n\\' * 3000})
    shipper.write(long)
    with shipper.receiver.up(), shipper.runs():
        wait_until(lambda: shipper.arrived() == 1)

    assert [line for *_, line in shipper.receiver.lines()] == [long]


def test_only_containers_that_name_their_service_are_shipped(shipper: Shipper) -> None:
    shipper.write("of another project", service="")
    shipper.file.open("a").write("no line of Docker's\n")
    shipper.write("mine", service="postgres")
    with shipper.receiver.up(), shipper.runs() as name:
        wait_until(shipper.arrived)
        time.sleep(2)
        assert [line for *_, line in shipper.receiver.lines()] == ["mine"]
        assert state(name, "State.Running") == "true"
        assert "Authorization" not in shipper.receiver.headers


PRIVATE = {
    '2026/01/02 03:04:05 [error] 7#7: *1 upstream timed out, client: 1.2.3.4, request: "GET /a/?q=hunter2 HTTP/1.1", referrer: "https://a.example/?b=hunter2"': 2,
    "LOG:  duration: 1200 ms  statement: SELECT 1 FROM a WHERE b = 'hunter2' AND c = 'it''s hunter2'": 2,
    "ERROR:  duplicate key value violates unique constraint\n": 0,
    "DETAIL:  Key (email, name)=(ann@example.com, hunter2) already exists.": 1,
    "DETAIL:  Failing row contains (1, hunter2, (a), null).": 1,
    "STATEMENT:  INSERT INTO a VALUES ('hunter2')": 1,
    '{"path": "/ann%40example.com/ann@example.com/"}': 2,
    "/accounts/reset/MQ/c9k2x1-0123456789abcdef0123456789abcdef/": 1,
}


def test_what_servers_write_is_masked(shipper: Shipper) -> None:
    shipper.write(*PRIVATE)
    with shipper.receiver.up(), shipper.runs():
        wait_until(lambda: shipper.arrived() == len(PRIVATE))

    for (_, _, line), (written, masked) in zip(
        shipper.receiver.lines(), PRIVATE.items(), strict=True
    ):
        assert not re.search("hunter2|ann|0123456789abcdef", line)
        assert line.count("***") == masked, line
        assert masked or line == written


def test_dead_receiver_loses_no_line_and_fills_no_disk(
    shipper: Shipper, record_property: Say
) -> None:
    """The buffer has a limit; from there, lines wait in Docker's files. A crash loses none."""
    limit, count = 40_000_000, 40_000
    shipper.write(*numbered(0, 100))
    with shipper.runs(LOGS_BUFFER=str(limit)) as name:
        shipper.write(*numbered(100, count - 100))

        def size() -> int:
            return sum(file.stat().st_size for file in shipper.buffer.iterdir())

        # No more is read: what it reserves for lines on their way is free.
        wait_until(lambda: size() > limit - 34_000_000)
        time.sleep(4)
        filled = size()
        assert filled < limit + 100_000
        metrics = docker("exec", name, "syslog-ng-ctl", "stats", "prometheus")
        assert re.search(r"syslogng_disk_queue_disk_usage_bytes\{.*\} [1-9]", metrics)
        docker("kill", name)
        docker("start", name)
        with shipper.receiver.up():
            wait_until(lambda: len({*shipper.numbers()}) == count)
            # Docker rotates.
            shipper.file.rename(shipper.file.with_suffix(".log.1"))
            shipper.write(*numbered(count, 1000))
            wait_until(lambda: len({*shipper.numbers()}) == count + 1000)
        memory = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", name)
    twice = len(shipper.numbers()) - count - 1000
    # Those that were on their way when it was killed.
    assert twice <= 1000
    record_property(
        "summary",
        f"{count} lines, receiver down, buffer {filled / 1e6:.0f} MB, killed: none lost, "
        f"{twice} twice; memory {memory}",
    )


@pytest.mark.parametrize("status", [401, 429, 503])
def test_batch_is_retried_until_the_receiver_takes_it(
    shipper: Shipper, status: int
) -> None:
    shipper.receiver.status = status
    shipper.write("patient")
    with shipper.receiver.up(), shipper.runs():
        # More often than the three retries after which syslog-ng would drop it.
        wait_until(lambda: shipper.receiver.posts > 4)
        shipper.receiver.status = 204
        wait_until(shipper.arrived)


def test_batch_that_the_receiver_rejects_stops_no_other(shipper: Shipper) -> None:
    shipper.receiver.status = 400
    shipper.write("too old")
    with shipper.receiver.up(), shipper.runs():
        wait_until(lambda: shipper.receiver.posts)
        shipper.receiver.status = 204
        shipper.write("new")
        wait_until(shipper.arrived)

    assert [line for *_, line in shipper.receiver.lines()] == ["new"]


def test_elasticsearch_gets_documents(shipper: Shipper) -> None:
    shipper.write(JSON_LINE, "plain")
    with shipper.receiver.up(), shipper.runs(LOGS_TO="elasticsearch"):
        wait_until(lambda: shipper.receiver.bodies)

    [body] = shipper.receiver.bodies
    assert body.endswith("\n")
    actions, documents = (
        [json.loads(line) for line in body.splitlines()[start::2]] for start in (0, 1)
    )
    assert actions == [{"create": {}}] * 2
    assert documents[0] == {
        "@timestamp": 1767323045000,
        "service": "web-blue",
        "level": "warning",
        "request_id": "0a1b2c3d",
        "message": JSON_LINE,
    }
    assert documents[1]["message"] == "plain"
    assert shipper.receiver.headers["Content-Type"] == "application/x-ndjson"


def test_cloudwatch_gets_an_array(shipper: Shipper) -> None:
    path = "/ingest/json?logGroup=site&logStream=host"
    url = f"http://127.0.0.1:{shipper.receiver.port}{path}"
    shipper.write(JSON_LINE, "plain")
    variables = {"LOGS_TO": "cloudwatch", "LOGS_AUTHORIZATION": "Bearer a-key"}
    with shipper.receiver.up(), shipper.runs(LOGS_URL=url, **variables):
        wait_until(lambda: shipper.receiver.bodies)

    first, second = json.loads(shipper.receiver.bodies[0])
    assert first["timestamp"] == 1767323045000
    assert (first["request_id"], first["message"]) == ("0a1b2c3d", JSON_LINE)
    assert second["message"] == "plain"
    assert shipper.receiver.headers["path"] == path
    assert shipper.receiver.headers["Authorization"] == "Bearer a-key"


def test_nginx_logs_into_a_file_where_the_journal_is_read(shipper: Shipper) -> None:
    with shipper.receiver.up(), shipper.runs(LOGS_FROM="journal") as name:
        docker("exec", name, "syslog-ng", "--syntax-only", "--no-caps")
        (shipper.nginx / "access.log").write_text('{"status":200}\n')
        wait_until(shipper.arrived)
        assert state(name, "State.Running") == "true"

    assert ({"service": "nginx", "level": "info"}, '{"status":200}') in [
        (labels, line) for labels, _, line in shipper.receiver.lines()
    ]


def test_loki_deletes_old_lines(project: Path) -> None:
    found = yaml.safe_load((project / "deploy/logs/loki.yml").read_text())

    assert found["compactor"]["retention_enabled"] is True
    assert found["limits_config"]["retention_period"] == "720h"
