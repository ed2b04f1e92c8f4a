"""Bakes for the tests: from a clean copy of the template, one for each set of answers.

Tests run in several processes. What one of them bakes or installs is kept in a folder
that all share, so a set of answers is baked once and installed once in a run.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Generator
from itertools import islice
from os.path import getmtime
from pathlib import Path

import pytest
from filelock import FileLock
from pytest_cookies.plugin import Cookies

from bake import sources
from tests.renderings import Template
from tests.services import lacks
from tests.support import REPOSITORY, commit, run

Bake = Callable[..., Path]

NO_SERVICES = "not installed or not running:"


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: tests wait as often as they compute."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that are long: at the end, all but one would wait for them.

    Each process is given a part of all tests, in their order; who is done with it takes
    from the others' ends.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    short = iter([item for item in items if not item.get_closest_marker("long")])
    left = len(items)
    items.clear()
    for process in range(processes):
        part = left // (processes - process)
        first = long[process::processes]
        items += [*first, *islice(short, max(0, part - len(first)))]
        left -= part


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every process of this run sees."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def template(shared: Path) -> Path:
    """The template as git has it, with what is not committed yet, without caches."""
    folder = shared / "template"
    with FileLock(shared / "template.lock"):
        if not folder.exists():
            sources(folder)
    return folder


@pytest.fixture(scope="session")
def source(template: Path) -> Template:
    """The template, to be looked at file by file."""
    return Template(template)


@pytest.fixture(scope="session")
def bake(cookies_session: Cookies, template: Path, shared: Path) -> Bake:
    """Bake with these answers, once in a run; for reading: copy it to change it."""

    def bake(**answers: object) -> Path:
        name = hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()
        home = shared / f"bake-{name[:12]}"
        with FileLock(f"{home}.lock"):
            if not home.exists():
                result = cookies_session.bake(answers, template=str(template))
                if result.exception:
                    raise result.exception
                home.mkdir()
                shutil.move(result.project_path, home)
        return next(home.iterdir())

    return bake


@pytest.fixture(scope="session")
def install(bake: Bake, shared: Path) -> Bake:
    """Bake, install and commit with these answers, once in a run; leave it as it is."""

    def install(**answers: object) -> Path:
        baked = bake(**answers)
        home = baked.parent.with_name(baked.parent.name.replace("bake", "install"))
        project = home / baked.name
        with FileLock(f"{home}.lock"):
            if not (home / "done").exists():
                shutil.rmtree(home, ignore_errors=True)
                shutil.copytree(baked, project, symlinks=True)
                # Where uv was fetched for these tests, it need not be for each project.
                if (REPOSITORY / ".uv").exists():
                    (project / ".uv").symlink_to(REPOSITORY / ".uv")
                run("make", "setup", ".venv/lint", ".venv/load", cwd=project)
                first = min(shared.glob("install-*/done"), key=getmtime, default=None)
                if first:
                    share_compiled(
                        next(first.parent.glob("*/.venv")), project / ".venv"
                    )
                run("git", "init", "--quiet", cwd=project)
                (project / ".git/info/exclude").write_text(".uv\n.venv\n")
                commit(project)
                # One file to copy, where there were hundreds.
                run("git", "gc", "--quiet", cwd=project)
                (home / "done").touch()
        return project

    return install


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variable of a cache that projects share: mypy compares what it knows of a file."""
    return {"MYPY_CACHE_DIR": str(tmp_path_factory.getbasetemp() / "mypy")}


def share_compiled(environment: Path, other: Path) -> None:
    """Link what Python has compiled of packages, which takes seconds, into another.

    Python compares it with the package's own file, by time and size, before it is used.
    """
    for compiled in environment.rglob("*.pyc"):
        target = other / compiled.relative_to(environment)
        if target.parent.parent.exists() and not target.exists():
            target.parent.mkdir(exist_ok=True)
            target.hardlink_to(compiled)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose services are not installed; fail it where all of them must be."""
    for marker in item.iter_markers("services"):
        if lacking := [name for name in marker.args if lacks(name)]:
            reason = f"{NO_SERVICES} {', '.join(lacking)}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Generator[None]:
    """Close with what tests have to tell, and with how many were skipped.

    Tests tell it by `record_property("summary", ...)`: their own output would not do,
    as it comes from another process, and only on failure.
    """
    yield
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(f"{report.nodeid}: {value}")
    skipped = terminalreporter.getreports("skipped")
    if count := sum(NO_SERVICES in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(
            f"{count} tests were skipped: `make services` installs what they need."
        )
