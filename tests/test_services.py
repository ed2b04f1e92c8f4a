"""The baked project on the real parts: each one works, and its loss is survived."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import services
from tests.conftest import Bake
from tests.production import log_of, manage, ready, shell, trial
from tests.services import PRODUCTION, get, gunicorn, process, venv, wait_until
from tests.support import REPOSITORY, run

TOKEN = "c9k2x1-0123456789abcdef0123456789abcdef"
REQUEST_ID = "named-by-the-proxy"


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trial(install(), tmp_path_factory.mktemp("services"))


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with services.postgresql() as url:
        yield url


@pytest.fixture
def sqlite(project: Path, tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/db.sqlite3"
    manage(project, "migrate", "--verbosity", "0", DATABASE_URL=url)
    return url


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    with services.redis(tmp_path, services.free_port()) as url:
        yield url


# PostgreSQL


@pytest.mark.services("postgresql")
def test_pages_share_postgresql_connections(
    project: Path, postgresql: str, tmp_path: Path
) -> None:
    manage(project, "migrate", "--verbosity", "0", DATABASE_URL=postgresql)

    with gunicorn(project, tmp_path / "log", DATABASE_URL=postgresql) as site:
        assert get(site).status == 200
        assert ready(site)["database"] == "ok"
        backends = {get(f"{site}/trial/backend/").text for _ in range(20)}

    # One for each thread, not one for each request.
    assert len(backends) <= 4


@pytest.mark.services("postgresql")
def test_postgresql_cancels_long_statements(project: Path, postgresql: str) -> None:
    code = """
from django.db import OperationalError, connection
names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
with connection.cursor() as cursor:
    for name in [*names, "application_name"]:
        print(cursor.execute(f"SHOW {name}").fetchone()[0])
    try:
        cursor.execute("SELECT pg_sleep(60)")
    except OperationalError as error:
        print(error)
"""
    limits = {"DATABASE_STATEMENT_TIMEOUT": "1", "DATABASE_LOCK_TIMEOUT": "7"}

    said = shell(project, code, DATABASE_URL=postgresql, **limits).splitlines()

    assert said[:4] == ["1s", "7s", "1min", project.name]
    # Before it, the log's line of a slow query.
    assert "canceling statement due to statement timeout" in said[-1]


# Https

# Mozilla's scanner, by its parts: its command knows no ports. Browsers' list of names
# that are https only, which it would fetch when it is installed, has none of ours.
SCAN = """
import fs from "node:fs";
const read = fs.readFileSync;
fs.readFileSync = (path, ...rest) =>
  String(path).endsWith("hsts-preload.json") ? "{}" : read(path, ...rest);
const [scanner, httpPort, httpsPort] = process.argv.slice(2);
const { retrieve } = await import(`${scanner}/retriever/retriever.js`);
const { ALL_TESTS } = await import(`${scanner}/constants.js`);
const grader = await import(`${scanner}/grader/grader.js`);
const site = await retrieve("127.0.0.1", {
  httpPort, httpsPort, path: "/accounts/sign-in/",
});
const names = ALL_TESTS.map((test) => test(site).result);
const score = names.map(grader.getScoreModifier).reduce((sum, n) => sum + n, 100);
console.log(JSON.stringify([names, grader.getGradeForScore(score).grade]));
"""


@pytest.mark.services("nginx", "observatory", "openssl")
def test_mozilla_observatory_gives_the_best_grade(
    project: Path, tmp_path: Path
) -> None:
    command = shutil.which("mdn-http-observatory-scan")
    assert command
    (tmp_path / "scan.mjs").write_text(SCAN)
    variables = {
        "DATABASE_URL": "sqlite://",
        "SECURE_SSL_REDIRECT": "true",
        "SECURE_HSTS_SECONDS": "31536000",
    }
    with (
        gunicorn(project, tmp_path / "log", **variables) as site,
        services.https(tmp_path, site) as ports,
    ):
        said = run(
            *("node", "scan.mjs", Path(command).resolve().parent.parent / "src"),
            *map(str, ports),
            cwd=tmp_path,
            env={
                "NODE_EXTRA_CA_CERTS": str(tmp_path / "certificate.pem"),
                "no_proxy": "127.0.0.1",
            },
        )

    results, grade = json.loads(said.splitlines()[-1])
    assert grade == "A+", results
    assert "csp-implemented-with-no-unsafe-default-src-none" in results
    assert "redirection-to-https" in results


# Redis


@pytest.mark.services("redis")
def test_sessions_are_in_redis_and_a_dead_cache_stops_no_page(
    project: Path, tmp_path: Path
) -> None:
    port, log = services.free_port(), tmp_path / "log"
    with ExitStack() as stack, ExitStack() as cache:
        url = cache.enter_context(services.redis(tmp_path, port))
        # The database has no table, so a session can't be there.
        variables = {
            "DATABASE_URL": "sqlite://",
            "REDIS_URL": url,
            "SESSION_STORE": "cache",
        }
        site = stack.enter_context(gunicorn(project, log, **variables))
        first = get(f"{site}/trial/visit/")
        cookie = str(first.headers["Set-Cookie"]).split(";")[0]
        second = get(f"{site}/trial/visit/", Cookie=cookie)
        assert (first.text, second.text) == ("1", "2")
        assert ready(site)["status"] == "ok"

        cache.close()

        assert get(site, Cookie=cookie).status == 200
        # Results of probes are reused for a moment.
        wait_until(lambda: ready(site)["cache"] == "failing")
        assert ready(site)["status"] == "degraded"
        errors = [line for line in log_of(log) if line["level"] == "ERROR"]
        assert any(line["name"] == "django_redis.cache" for line in errors)

        stack.enter_context(services.redis(tmp_path, port))

        wait_until(lambda: ready(site)["status"] == "ok")


# Celery


@pytest.mark.services("redis")
def test_task_logs_the_request_id_of_its_page(
    project: Path, sqlite: str, redis: str, tmp_path: Path
) -> None:
    variables = {"DATABASE_URL": sqlite, "CELERY_BROKER_URL": f"{redis}/1"}
    log = tmp_path / "worker.log"
    command = ["celery", "--app", "config.celery", "worker", "--concurrency", "1"]
    with (
        process(
            *venv(*command, of=project),
            cwd=project,
            log=log,
            env=PRODUCTION | variables,
        ),
        gunicorn(project, tmp_path / "web.log", **variables) as site,
    ):
        assert ready(site)["broker"] == "ok"
        sent = get(f"{site}/trial/send/?task=clear_sessions", X_Request_ID=REQUEST_ID)
        assert sent.status == 200

        def done() -> list[dict[str, Any]]:
            return [
                line
                for line in log_of(log)
                if re.search(r"clear_sessions.* (received|succeeded)", line["message"])
            ]

        wait_until(lambda: len(done()) == 2)

    assert [line["request_id"] for line in done()] == [REQUEST_ID] * 2


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
@pytest.mark.parametrize("broker", ["that is off", "that hangs"])
def test_enqueueing_to_a_dead_broker_fails_in_seconds(
    project: Path, scheme: str, broker: str
) -> None:
    code = """
import time
from plinth.tasks.tasks import clear_sessions
start = time.monotonic()
try:
    clear_sessions.delay()
except Exception as error:
    print(type(error).__name__, time.monotonic() - start)
"""
    with services.silent() as port:
        url = f"{scheme}://127.0.0.1:{port if broker == 'that hangs' else 1}//"
        said = shell(project, code, DATABASE_URL="sqlite://", CELERY_BROKER_URL=url)

    error, seconds = said.split()
    assert error == "OperationalError"
    # Five at most by the settings; left alone, some would wait for ever.
    assert float(seconds) < 20


def test_dead_broker_only_degrades_the_site(project: Path, tmp_path: Path) -> None:
    variables = {
        "DATABASE_URL": "sqlite://",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1",
    }
    with gunicorn(project, tmp_path / "log", **variables) as site:
        state = ready(site)

    assert (state["status"], state["broker"]) == ("degraded", "failing")


# Errors

EMAIL = "somebody@example.com"


@pytest.mark.services("redis")
def test_sentry_gets_each_error_once_without_personal_data(
    project: Path, redis: str, tmp_path: Path
) -> None:
    received: list[bytes] = []

    def take(path: str, body: bytes) -> bytes:
        received.append(body)
        return b"{}"

    def errors() -> list[dict]:
        """An envelope is lines of JSON: its head, then each item's head and the item."""
        found = []
        for envelope in received:
            lines = [json.loads(line) for line in envelope.splitlines()]
            pairs = zip(lines[1::2], lines[2::2], strict=True)
            found += [item for head, item in pairs if head["type"] == "event"]
        return found

    log = tmp_path / "worker.log"
    command = ["celery", "--app", "config.celery", "worker", "--concurrency", "1"]
    with ExitStack() as stack:
        port = stack.enter_context(services.collector(take))
        variables = {
            "DATABASE_URL": "sqlite://",
            "CELERY_BROKER_URL": redis,
            "SENTRY_DSN": f"http://key@127.0.0.1:{port}/1",
            "RELEASE": "v1",
            "ENVIRONMENT": "trial",
        }
        site = stack.enter_context(gunicorn(project, tmp_path / "log", **variables))
        page = get(
            f"{site}/trial/fail/?email={EMAIL}",
            Cookie="sessionid=of-somebody",
            Referer=f"https://example.com/accounts/reset/MQ/{TOKEN}/",
        )
        assert page.status == 500
        wait_until(errors)

        [error] = errors()
        assert error["exception"]["values"][0]["value"] == "the trial view failed"
        assert (error["environment"], error["release"]) == ("trial", "v1")
        assert error["tags"]["request_id"] == page.headers["X-Request-ID"]
        assert EMAIL not in str(received)
        assert TOKEN not in str(received)
        assert "of-somebody" not in str(received)

        received.clear()
        env = PRODUCTION | variables
        worker = venv(*command, of=project)
        with process(*worker, cwd=project, log=log, env=env):
            get(f"{site}/trial/send/?task=fail", X_Request_ID=REQUEST_ID)
            wait_until(errors)
        # The worker has ended, and sent all that it had.
        [error] = errors()
        assert error["exception"]["values"][0]["value"] == "the trial task failed"
        assert error["tags"]["request_id"] == REQUEST_ID


@pytest.mark.services("openssl")
def test_new_relic_gets_errors_and_changes_no_page(
    install: Bake, tmp_path: Path
) -> None:
    installed = install(media_storage="gcs", error_tracking="newrelic")
    project = trial(installed, tmp_path)
    received: dict[str, str] = {}
    # With these the agent could put its script into pages, if it were let.
    browser = dict.fromkeys(
        ["beacon", "error_beacon", "browser_key", "application_id", "js_agent_loader"],
        "the script of New Relic",
    )

    def answer(path: str, body: bytes) -> bytes:
        method = parse_qs(urlsplit(path).query)["method"][0]
        received[method] = body.decode()
        value: object = []
        if method == "preconnect":
            value = {"redirect_host": "127.0.0.1"}
        if method == "connect":
            value = browser | {"agent_run_id": "1", "collect_errors": True}
        return json.dumps({"return_value": value}).encode()

    certificate = services.self_signed(tmp_path)
    (tmp_path / "license").write_text("0" * 40)
    with services.collector(answer, certificate) as port:
        variables = {
            "DATABASE_URL": "sqlite://",
            "NEW_RELIC_LICENSE_KEY_FILE": str(tmp_path / "license"),
            "NEW_RELIC_HOST": "127.0.0.1",
            "NEW_RELIC_PORT": str(port),
            "NEW_RELIC_CA_BUNDLE_PATH": str(certificate),
        }
        with gunicorn(project, tmp_path / "log", **variables) as site:
            assert get(site).status == 200
            wait_until(lambda: "agent_settings" in received)
            assert get(f"{site}/trial/fail/?email={EMAIL}").status == 500
            home = get(site)
        # A worker that ends sends what it has; else it does so once a minute.

    assert json.loads(received["connect"])[0]["app_name"] == ["My Site"]
    assert "the trial view failed" in received["error_data"]
    assert EMAIL not in str(received)
    assert "the script of New Relic" not in home.text


# The marker


@pytest.mark.parametrize(
    ("ci", "code", "line"),
    [
        ("", 0, "2 tests were skipped: `make services` installs what they need."),
        ("true", 1, "2 errors"),
    ],
)
def test_missing_service_skips_a_test_and_fails_it_on_ci(
    tmp_path: Path, ci: str, code: int, line: str
) -> None:
    hooks = "pytest_runtest_setup, pytest_terminal_summary"
    (tmp_path / "conftest.py").write_text(f"from tests.conftest import {hooks}")
    (tmp_path / "test_it.py").write_text(
        """
import pytest

@pytest.mark.services("redis")
@pytest.mark.parametrize("number", [1, 2])
def test_it(number):
    pass
"""
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--numprocesses=2", "."],
        cwd=tmp_path,
        env={"PATH": str(tmp_path), "PYTHONPATH": str(REPOSITORY), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stdout
    assert line in done.stdout.splitlines()[-1 if ci else -2]
