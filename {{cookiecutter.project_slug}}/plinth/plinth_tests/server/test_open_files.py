"""Limit of open files: gunicorn raises it, and all configuration files agree on it."""

import re
import resource
from pathlib import Path

import pytest
from django.conf import settings

from config import gunicorn
from plinth.practices import probes
from plinth.practices.states import State
from plinth.server.resources import OPEN_FILES
from plinth_tests.processes import COMPLETE, run_code

pytestmark = pytest.mark.practice(61)

LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({}, {}))\n"
CHECK = """
import django
django.setup()
from django.core.management import call_command
call_command("check", deploy=True)
"""
RAISE = """
from plinth.server.resources import raise_open_files
raise_open_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
# The limit in the syntax of nginx, systemd and Compose.
FORMS = {
    "*.conf": r"\bworker_rlimit_nofile\s+(\d+)",
    "*.service": r"(?m)^LimitNOFILE=(\d+)",
    "*compose*.y*ml": r"\bnofile:\s*(?:\n\s+(?:soft|hard):\s*)?(\d+)",
}


def test_deployment_check_finds_a_low_limit() -> None:
    done = run_code(LIMIT.format(512, 512) + CHECK, **COMPLETE)

    assert "practices.W061" in done.stderr
    assert "the limit of open files is 512, and a process needs 1" in done.stderr
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
def test_probe_compares_the_limit_with_connections_and_threads(
    monkeypatch: pytest.MonkeyPatch, allowed: int, threads: int, state: State
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (256, allowed))
    monkeypatch.setattr(gunicorn, "threads", threads)

    assert probes.open_files().state is state


def test_soft_limit_is_raised_to_the_hard_limit() -> None:
    low = run_code(LIMIT.format(256, 4096) + RAISE)
    equal = run_code(LIMIT.format(2048, 2048) + RAISE)

    assert low.stdout.split() == ["4096", "4096"]
    assert equal.stdout.split() == ["2048", "2048"]


def files(pattern: str) -> list[Path]:
    deployed = (settings.BASE_DIR / "deploy").rglob(pattern)
    return [*settings.BASE_DIR.glob(pattern), *deployed]


def test_configuration_files_have_the_same_limit() -> None:
    found = {
        f"{path.relative_to(settings.BASE_DIR)}: {number}": int(number)
        for pattern, form in FORMS.items()
        for path in files(pattern)
        for number in re.findall(form, path.read_text())
    }

    assert {name for name, number in found.items() if number != OPEN_FILES} == set()
    for folder in ("deploy/nginx", "deploy/compose", "deploy/systemd"):
        if (settings.BASE_DIR / folder).is_dir():
            assert any(name.startswith(folder) for name in found), folder


def test_nginx_opens_no_more_connections_than_files() -> None:
    for path in files("nginx.conf"):
        for number in re.findall(r"\bworker_connections\s+(\d+)", path.read_text()):
            # It counts those of clients and gunicorn; the other half is for files.
            assert 2 * int(number) <= OPEN_FILES, path
