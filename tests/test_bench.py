"""`make bench` of a project: it measures what it says, and leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests import services
from tests.conftest import Bake
from tests.mutations import append
from tests.services import wait_until
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
SHORT = "--rounds 1 --seconds 0.1 --connections 4 --client python"

SITE = {
    "Home": {"compressed"},
    "Sign-in": set(),
    "Profile": {"no cache", "CONN_MAX_AGE=0"},
}
BARE = {"bare view, same bytes", "bare, no middleware"}
CATALOG = {
    "Catalogue": {"no cache", "compressed", *BARE},
    "Products": {"no joins", "no cache"},
    "Search": {"no joins"},
    "Products, middle": {"no keyset"},
    "Product": {"no joins", "CONN_MAX_AGE=0"},
    "Product, not modified": {"no ETag"},
    "My reviews": {"no cache", "no joins"},
    "Export": {"no streaming"},
}


def environment(temporary: Path, **variables: str) -> dict[str, str]:
    temporary.mkdir(exist_ok=True)
    return {"TMPDIR": str(temporary), "ENV_FILE": os.devnull, **variables}


def bench(
    project: Path, temporary: Path, options: str, **variables: str
) -> tuple[list[dict], dict]:
    """Run it, see that nothing is left; return its report's rows, and its conditions."""
    run("make", "--silent", ".venv/test", cwd=project)
    output = run(
        *("make", "--silent", "bench", f"ARGS={SHORT} --format json {options}"),
        cwd=project,
        env=environment(temporary, **variables),
    )
    assert not list(temporary.iterdir())
    assert not run("git", "status", "--porcelain", cwd=project)
    report = json.loads(output[output.index("{") :])
    return report["rows"], report["run"]


def pages(rows: list[dict]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.get("page", row["name"]), set())
        if "page" in row:
            found[row["page"]].add(row["name"])
    return found


def queries(rows: list[dict]) -> dict[str, int]:
    return {
        " / ".join(filter(None, (row.get("page"), row["name"]))): row["queries"]
        for row in rows
    }


def of(rows: list[dict], name: str) -> dict:
    (found,) = (row for row in rows if row["name"] == name)
    return found


def test_benchmark_has_every_page_with_and_without_its_practices(
    install: Bake, tmp_path: Path
) -> None:
    rows, _ = bench(install(**DEFAULT), tmp_path / "temporary", "")

    assert pages(rows) == CATALOG | SITE
    assert all(row["requests_per_second"] > 0 for row in rows)
    assert all(row["failed"] == 0 for row in rows)
    counts = queries(rows)
    assert counts["Catalogue"] == 0
    assert counts["Catalogue / no cache"] >= 3
    # A category and the tags of each of the 24 products.
    for page in ("Products", "Search"):
        assert counts[page] <= 4
        assert counts[f"{page} / no joins"] >= 48
    assert counts["Products / no cache"] > counts["Products"]
    assert counts["Products, middle / no keyset"] > counts["Products, middle"]
    assert counts["Product / no joins"] > counts["Product"]
    assert counts["Product, not modified"] == 1
    assert of(rows, "Product, not modified")["bytes"] == 0
    assert counts["Product, not modified / no ETag"] > 1
    assert counts["My reviews / no cache"] > counts["My reviews"]
    assert counts["Export"] <= 4
    # The rod that the kept page is measured by is as long as the page.
    (size,) = {of(rows, name)["bytes"] for name in ("Catalogue", *BARE)}
    assert of(rows, "bare view, same bytes")["queries"] == 0
    # The catalogue's, and the home page's.
    assert all(row["bytes"] < size for row in rows if row["name"] == "compressed")


def test_benchmark_without_the_example_measures_the_site(
    install: Bake, tmp_path: Path
) -> None:
    rows, conditions = bench(install(**LEANEST), tmp_path / "temporary", "")

    assert pages(rows) == SITE | {"Home": {"compressed", *BARE}}
    assert all(row["failed"] == 0 for row in rows)
    assert of(rows, "Profile")["queries"] > of(rows, "Home")["queries"] == 0
    assert conditions["database"].startswith("SQLite")
    assert conditions["cache"] == "local memory"


@pytest.mark.services("postgresql", "redis", "wrk")
def test_benchmark_on_real_servers_leaves_their_data_unchanged(
    install: Bake, tmp_path: Path
) -> None:
    project = install(**DEFAULT)
    with (
        services.postgresql() as url,
        services.redis(tmp_path, services.free_port()) as redis,
    ):

        def there_is() -> tuple[str, ...]:
            # Tables, databases and keys of whoever uses the servers.
            tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            ask = ("psql", url, "--tuples-only", "--command")
            return (
                run(*ask, tables, cwd=tmp_path),
                run(*ask, "SELECT datname FROM pg_database", cwd=tmp_path),
                run("redis-cli", "-u", redis, "KEYS", "*", cwd=tmp_path),
            )

        run("redis-cli", "-u", redis, "SET", "benchmark_of_mine", "kept", cwd=tmp_path)
        before = there_is()
        rows, conditions = bench(
            project,
            tmp_path / "temporary",
            "--only pro --client wrk",
            DATABASE_URL=url,
            REDIS_URL=redis,
        )
        assert there_is() == before

    assert pages(rows) == {name: {**CATALOG, **SITE}[name] for name in pages(rows)}
    assert conditions["database"].startswith("PostgreSQL")
    assert conditions["cache"] == "Redis"
    assert conditions["client"] == "wrk"
    assert all(row["failed"] == 0 for row in rows)
    counts = queries(rows)
    # Sessions are read from Redis, so that the user alone is asked for.
    assert counts["Profile"] == 1
    assert counts["Profile / no cache"] == 2
    # The tags of each of the 24 products; queries for categories are kept in Redis.
    assert counts["Products / no joins"] >= 24


@pytest.mark.services("nginx", "openssl")
@pytest.mark.parametrize(
    ("answers", "home", "asks"),
    [
        pytest.param(DEFAULT, "Catalogue", "Product", id="default"),
        pytest.param(LEANEST, "Home", "Profile", id="leanest", marks=pytest.mark.scale),
    ],
)
def test_benchmark_measures_the_whole_stack(
    install: Bake, answers: dict[str, object], home: str, asks: str
) -> None:
    project = install(**answers)
    run("make", "--silent", ".venv/test", cwd=project)
    # A short name: the path of a socket has 107 letters.
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        output = run(
            *(project / ".venv/bin/python", "-m", "plinth.benchmarks.stack"),
            *(*SHORT.split(), "--format=json"),
            cwd=project,
            env=environment(temporary),
        )
        assert not list(temporary.iterdir())
        assert not processes_of(temporary)

    rows = json.loads(output)["rows"]
    others = {"Django's middleware", "sync workers", "uvicorn (ASGI)", "without nginx"}
    cached = {"cached by nginx"} if answers == DEFAULT else set()
    assert pages(rows) == {
        f"{home}, uncached": {"Django's middleware", *cached},
        home: others,
        asks: others,
        "Static file": {"without nginx"},
    }
    assert all(row["failed"] == 0 for row in rows)
    assert of(rows, asks)["queries"] > 0
    # Of what nginx gives, no application counts the queries.
    assert [row["name"] for row in rows if row["queries"] is None] == [
        *cached,
        *("uvicorn (ASGI)", "uvicorn (ASGI)", "Static file"),
    ]


@pytest.mark.scale
@pytest.mark.services("redis", "wrk")
def test_cached_page_costs_little_more_than_its_bytes(
    install: Bake, tmp_path: Path, record_property: Say
) -> None:
    with services.redis(tmp_path, services.free_port()) as redis:
        rows, _ = bench(
            install(**DEFAULT),
            tmp_path / "temporary",
            "--only catalogue --client wrk --rounds 9 --seconds 2 --connections 8",
            REDIS_URL=redis,
        )

    bare = of(rows, "bare view, same bytes")
    record_property(
        "summary",
        f"kept in Redis, a page answers {bare['times']:.2f} times the requests of a bare "
        f"view of its bytes, and {of(rows, 'no cache')['times']:.1f} times those of one "
        "that is not kept (aim for the first: 0.8)",
    )
    assert of(rows, "Catalogue")["queries"] == bare["queries"] == 0
    assert all(row["failed"] == 0 for row in rows)


def test_benchmark_compares_asgi_with_wsgi(install: Bake, tmp_path: Path) -> None:
    project = install(**DEFAULT)
    run("make", "--silent", ".venv/test", cwd=project)

    output = run(
        *(project / ".venv/bin/python", "-m", "plinth.benchmarks.asgi"),
        *("--rounds", "1", "--seconds", "2", "--client", "python"),
        cwd=project,
        env=environment(tmp_path / "temporary"),
    )

    found = re.findall(r"(?m)^(.+): ASGI serves ([\d.]+) times", output)
    assert [name for name, _ in found] == [
        *("Three services, 0.1 s each", "Catalogue", "Product")
    ]
    times = {name: float(number) for name, number in found}
    # Too short to say more on a busy machine: one has twelve threads that wait.
    assert times["Three services, 0.1 s each"] > max(1, times["Catalogue"])
    assert not list((tmp_path / "temporary").iterdir())


def test_benchmark_prints_a_readable_report(install: Bake, tmp_path: Path) -> None:
    output = run(
        *("make", "--silent", "bench", f"ARGS={SHORT} --only sign"),
        cwd=install(**LEANEST),
        env=environment(tmp_path / "temporary"),
    )

    assert re.search(
        r"(?m)^Sign-in +0 +[\d,]+ +[\d,]+-[\d,]+ +[\d.,]+ +[\d.]+ *$", output
    )
    assert "1 rounds of 0.1 s, 4 connections; load by python" in output
    assert f"{os.cpu_count()} CPUs" in output
    assert "SQLite" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_benchmark_leaves_nothing_behind(
    install: Bake, tmp_path: Path, number: signal.Signals
) -> None:
    project, temporary = install(**LEANEST), tmp_path / "temporary"
    with subprocess.Popen(
        [project / ".venv/bin/python", "-m", "plinth.benchmarks.pages", "--seconds=30"],
        cwd=project,
        env=clean_environment() | environment(temporary),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:

        def is_serving() -> bool:
            assert running.poll() is None
            return bool(list(temporary.glob("*/page")))

        wait_until(is_serving)
        started = processes_of(temporary)
        time.sleep(0.5)
        # A worker that is killed can't delete its folder: it lies in the benchmark's.
        assert len(list(temporary.iterdir())) == 1
        # As a terminal sends it: to all that it started, and by an impatient hand.
        for _ in range(2):
            os.killpg(running.pid, number)
        assert running.stderr
        said = running.stderr.read()

    assert running.returncode == 1
    assert said.strip().splitlines()[-1] == "Stopped and cleaned up."
    assert len(started) > 1
    assert not processes_of(temporary)
    assert not list(temporary.iterdir())


def processes_of(temporary: Path) -> list[str]:
    """What runs with this folder for its temporary files, or writes its log there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # A process that has named itself has nothing left of its environment.
            if (
                f"TMPDIR={temporary}".encode() in (folder / "environ").read_bytes()
                or temporary in (folder / "fd/1").readlink().parents
            ):
                found.append(folder.name)
        except OSError:
            continue  # it has ended, or is another's
    return found


@pytest.fixture
def copy(install: Bake, tmp_path: Path) -> Path:
    """A project to change."""
    return copy_of(install(**LEANEST), tmp_path)


def test_benchmark_of_a_broken_page_fails_with_one_line(
    copy: Path, tmp_path: Path
) -> None:
    append("templates/accounts/sign_in.html", "{% exceeds %}")(copy)
    temporary = tmp_path / "temporary"

    *_, line = refusal(
        *(copy / ".venv/bin/python", "-m", "plinth.benchmarks.pages", *SHORT.split()),
        cwd=copy,
        env=environment(temporary),
    )

    assert line.startswith("Sign-in: /accounts/sign-in/ responds 500, not 200: ")
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("options", "variables", "line"),
    [
        (
            "--only nothing",
            {},
            "No page has 'nothing' in its name: Home, Sign-in, Profile.",
        ),
        ("--rounds 0", {}, "argument --rounds: '0' is not 1 or more"),
        ("--seconds nan", {}, "argument --seconds: 'nan' is not a duration"),
        ("--client wrk", {"PATH": ""}, "wrk is not installed"),
        (
            "",
            {"DATABASE_URL": "postgres://app:hidden@127.0.0.1:1/app"},
            "The benchmark can't create its database: ",
        ),
        (
            "",
            {"DATABASE_URL": "mysql://app:hidden@127.0.0.1:1/app"},
            "The benchmark supports PostgreSQL and SQLite: see DATABASE_URL.",
        ),
        (
            "",
            {"REDIS_URL": "redis://127.0.0.1:1"},
            "The cache does not respond: start it, or unset REDIS_URL.",
        ),
    ],
)
def test_benchmark_that_cannot_run_gives_the_reason(
    install: Bake, tmp_path: Path, options: str, variables: dict[str, str], line: str
) -> None:
    project, temporary = install(**LEANEST), tmp_path / "temporary"

    *_, said = refusal(
        *(
            project / ".venv/bin/python",
            "-m",
            "plinth.benchmarks.pages",
            *options.split(),
        ),
        cwd=project,
        env=environment(temporary, **variables),
    )

    assert line in said
    assert "hidden" not in said
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("name", ["asgi", "image", "stack", "tasks"])
def test_benchmark_without_rounds_is_refused(install: Bake, name: str) -> None:
    project = install(**DEFAULT)
    words = (
        project / ".venv/bin/python",
        "-m",
        f"plinth.benchmarks.{name}",
        "--rounds=0",
    )

    *_, said = refusal(*words, cwd=project)

    assert "argument --rounds: '0' is not 1 or more" in said
