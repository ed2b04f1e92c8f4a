"""How many files a process may open: it asks for enough, and everybody says the same."""

import re
import resource
from pathlib import Path

import pytest
from django.conf import settings

from config import gunicorn
from plinth.practices import probes
from plinth.practices.states import State
from plinth.server.resources import OPEN_FILES
from plinth_tests.processes import COMPLETE, python, run_code

pytestmark = pytest.mark.practice(61)

LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({}, {}))\n"
CHECK = """
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "check", "--deploy"])
"""
RAISE = """
from plinth.server.resources import raise_open_files
raise_open_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
# How each program says it, for itself or for a container.
FORMS = {
    "*.conf": r"\bworker_rlimit_nofile\s+(\d+)",
    "*.service": r"(?m)^LimitNOFILE=(\d+)",
    "*compose*.y*ml": r"\bnofile:\s*(?:\n\s+(?:soft|hard):\s*)?(\d+)",
}


def test_too_few_are_found_before_a_deployment() -> None:
    done = python("-c", LIMIT.format(512, 512) + CHECK, **COMPLETE)

    assert done.returncode == 0, done.stderr
    assert "practices.W061" in done.stderr
    assert "a process may open 512 files, and needs 1" in done.stderr
    assert f"LimitNOFILE={OPEN_FILES}" in done.stderr


@pytest.mark.parametrize(
    ("allowed", "threads", "state"),
    [
        (1024, 4, State.OFF),
        (1200, 4, State.ON),
        (1200, 40, State.OFF),
        (resource.RLIM_INFINITY, 40, State.ON),
    ],
)
def test_a_process_needs_a_file_for_each_visitor_and_some_for_each_thread(
    monkeypatch: pytest.MonkeyPatch, allowed: int, threads: int, state: State
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (256, allowed))
    monkeypatch.setattr(gunicorn, "threads", threads)

    assert probes.open_files().state is state


def test_a_server_takes_what_it_may() -> None:
    few = run_code(LIMIT.format(256, 4096) + RAISE)
    enough = run_code(LIMIT.format(2048, 2048) + RAISE)

    assert few.stdout.split() == ["4096", "4096"]
    assert enough.stdout.split() == ["2048", "2048"]


def files(pattern: str) -> list[Path]:
    deployed = (settings.BASE_DIR / "deploy").rglob(pattern)
    return [*settings.BASE_DIR.glob(pattern), *deployed]


def test_everybody_names_the_same_number() -> None:
    found = {
        f"{path.relative_to(settings.BASE_DIR)}: {number}": int(number)
        for pattern, form in FORMS.items()
        for path in files(pattern)
        for number in re.findall(form, path.read_text())
    }

    assert {name for name, number in found.items() if number != OPEN_FILES} == set()
    for folder in ("deploy/nginx", "deploy/compose"):
        if (settings.BASE_DIR / folder).is_dir():
            assert any(name.startswith(folder) for name in found), folder


def test_nginx_opens_no_more_connections_than_files() -> None:
    for path in files("nginx.conf"):
        for number in re.findall(r"\bworker_connections\s+(\d+)", path.read_text()):
            # It counts the visitor's and gunicorn's; the files have the other half.
            assert 2 * int(number) <= OPEN_FILES, path
