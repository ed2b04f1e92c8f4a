"""Baked projects, installed for real: they do what their README says.

The answers that change code are covered in pairs. The two ends are among them; what is
between goes by odd names.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.renderings import covering
from tests.support import (
    DEFAULT,
    LEANEST,
    clean_environment,
    commit,
    copy_of,
    refusal,
    run,
)

CHOICES: dict[str, list[object]] = {
    "example_app": [True, False],
    "sign_up": [True, False],
    "use_celery": [True, False],
    "media_storage": ["s3", "gcs", "azure", "local"],
    "error_tracking": ["sentry", "newrelic", "none"],
    "ci": ["github", "gitlab", "none"],
    "deploy": ["compose", "kubernetes", "none"],
    "rest_api": ["none", "drf", "ninja"],
}
ODD = {
    **dict.fromkeys(
        ["project_name", "description", "author_name"],
        "O'Neil's 東京 🚀 100% <b> `x` $HOME #1",
    ),
    "project_slug": "django",
    "author_email": "O'Neil+django@Example.co.uk",
    "domain_name": "xn--e1afmkfd.xn--p1ai",
}


def choices(answers: dict[str, object]) -> dict[str, object]:
    return {name: answers.get(name, CHOICES[name][0]) for name in CHOICES}


def title(answers: dict[str, object]) -> str:
    return "-".join(map(str, choices(answers).values()))


ROWS = covering(CHOICES, together=2)
# No deployment changes the site's code: systemd shares rows with kubernetes, and adds none.
for row in [row for row in ROWS if row["deploy"] == "kubernetes"][1::2]:
    row["deploy"] = "systemd"
PAIRS = [
    next((end for end in (DEFAULT, LEANEST) if choices(end) == answers), answers | ODD)
    for answers in ROWS
]

pairwise = pytest.mark.parametrize("answers", PAIRS, ids=title)
# Every choice once. The default's are met in test_everyday.py.
SOME: list[dict[str, object]] = []
for answers in (LEANEST, *PAIRS):
    met = {choice for some in (DEFAULT, *SOME) for choice in choices(some).items()}
    if not choices(answers).items() <= met:
        SOME.append(answers)
both_ends = pytest.mark.parametrize(
    "answers", [DEFAULT, LEANEST], ids=["default", "leanest"]
)


@pairwise
def test_tests_pass(install: Bake, answers: dict[str, object]) -> None:
    # In one process: these tests have others beside them.
    run("make", "test", "ARGS=--numprocesses=0", cwd=install(**answers))


@pytest.mark.long
@pytest.mark.parametrize("answers", SOME, ids=title)
def test_linters_and_checks_find_nothing(
    install: Bake, mypy_cache: dict[str, str], answers: dict[str, object]
) -> None:
    targets = ("lint", "check", "practices")
    run("make", *targets, cwd=install(**answers), env=mypy_cache)


@pairwise
def test_make_run_serves_the_site(install: Bake, answers: dict[str, object]) -> None:
    project = install(**answers)

    with running(project) as address:
        with urllib.request.urlopen(address) as response:
            name = str(answers.get("project_name", "My Site"))
            assert f"<title>{escape(name)}</title>" in response.read().decode()
        with urllib.request.urlopen(f"{address}/health/ready/") as response:
            assert b'"status": "ok"' in response.read()

    assert run("git", "status", "--porcelain", cwd=project) == ""


@both_ends
def test_second_start_changes_no_file(
    install: Bake, answers: dict[str, object], tmp_path: Path
) -> None:
    # A copy: other tests leave caches in a project that they share.
    project = copy_of(install(**answers), tmp_path)
    with running(project):
        pass
    before = {path: path.stat().st_mtime_ns for path in project.iterdir()}

    with running(project):
        pass

    after = {path: path.stat().st_mtime_ns for path in project.iterdir()}
    changed = {path.name for path in before.keys() ^ after.keys()} | {
        path.name for path, moment in before.items() if after.get(path) != moment
    }
    # SQLite opens its files to read them.
    assert all(name.startswith("db.sqlite3") for name in changed)


@both_ends
def test_make_lists_its_targets(install: Bake, answers: dict[str, object]) -> None:
    listing = run("make", cwd=install(**answers))

    for target in ("setup", "run", "test", "prove", "lint", "fix", "check", "ci"):
        assert f"make {target} " in listing
    assert ("make worker" in listing) is answers.get("use_celery", True)


def test_lint_outside_git_is_refused(install: Bake, tmp_path: Path) -> None:
    copy = copy_of(install(**DEFAULT), tmp_path, ".git")

    assert refusal("make", "lint", cwd=copy) == [
        "make lint checks the files in git: git init && git add --all"
    ]


def test_installations_share_no_secret(install: Bake) -> None:
    secrets = [
        line.partition("=")[2]
        for answers in (DEFAULT, LEANEST)
        for line in (install(**answers) / ".env").read_text().splitlines()
        if line.startswith(("SECRET_KEY=", "POSTGRES_PASSWORD="))
    ]

    assert len(set(secrets)) == len(secrets) >= 2
    # What a URL or a shell would take amiss stays out.
    assert all(s.replace("-", "").replace("_", "").isalnum() for s in secrets)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["app"], "Name the app: make app NAME=blog"),
        (["squash", "APP=accounts"], "Name the app and its last migration: "),
        (["up"], "This needs Docker with Compose: "),
        (["down"], "This needs Docker with Compose: "),
    ],
)
def test_target_says_in_one_line_what_it_needs(
    install: Bake, tmp_path: Path, words: list[str], advice: str
) -> None:
    for program in ("sh", "make", "env", "git", "touch"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))

    (line,) = refusal(
        "make", *words, cwd=install(**LEANEST), env={"PATH": str(tmp_path)}
    )

    assert line.startswith(advice)


def test_manage_py_of_another_python_names_the_command(install: Bake) -> None:
    command = (sys.executable, "-I", "manage.py", "check")
    (line,) = refusal(*command, cwd=install(**LEANEST))
    assert line.startswith("This Python has no Django: `make setup`, then ")


def test_home_that_cannot_be_written_is_named(install: Bake, tmp_path: Path) -> None:
    project = copy_of(install(**LEANEST), tmp_path)
    shutil.rmtree(project / ".venv")
    nowhere = {"HOME": "/proc", "XDG_CACHE_HOME": "", "XDG_DATA_HOME": ""}

    lines = refusal("make", "setup", cwd=project, env=nowhere)

    assert "/proc/.cache/uv" in lines[0]


def test_lint_works_in_a_folder_of_a_repository(install: Bake, tmp_path: Path) -> None:
    project = copy_of(install(**LEANEST), tmp_path)
    run("git", "init", "--quiet", cwd=tmp_path)
    commit(tmp_path)
    views = project / "apps/pages/views.py"
    text = views.read_text()
    views.write_text(f"import os\n{text}")

    with pytest.raises(pytest.fail.Exception) as failed:
        run("make", "lint", cwd=project)

    # By the one hook that finds it, which is among the foundation's.
    said = str(failed.value)
    found = re.findall(r"(?m)^(?:E +)?(.*?\w)\.+Failed$", said)
    assert found == ["hooks of plinth/pre-commit.yaml", "ruff check"], said
    assert views.read_text() == text


def test_seed_fills_the_database(install: Bake, tmp_path: Path) -> None:
    project = copy_of(install(**DEFAULT), tmp_path)
    said = run("make", "seed", "ARGS=--products 10", cwd=project)
    assert "There are 10 made-up products." in said


@contextmanager
def running(project: Path) -> Iterator[str]:
    """Run `make run` on a free port, wait for its first page and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=project,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/health/live/", timeout=5).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    os.killpg(server.pid, signal.SIGKILL)
                    pytest.fail(f"make run serves nothing:\n{server.communicate()[0]}")
                time.sleep(0.05)
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.communicate()
