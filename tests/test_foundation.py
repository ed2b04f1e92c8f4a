"""The foundation's own tests: once, with every extra, as it is the same in every project."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from filelock import FileLock

from tests import services
from tests.conftest import Bake
from tests.support import run

# A plugin of pytest: the others would find the same on another database.
ONLY_DATABASE = """
def pytest_collection_modifyitems(config, items):
    def uses(item):
        fixtures = {"db", "transactional_db"} & {*item.fixturenames}
        return fixtures or item.get_closest_marker("django_db")

    config.hook.pytest_deselected(items=[item for item in items if not uses(item)])
    items[:] = filter(uses, items)
"""
# The reason of what the second run alone can test.
NEEDS_POSTGRESQL = "needs PostgreSQL"
# And of what test_practices.py runs, in a project with this deployment.
ELSEWHERE = (NEEDS_POSTGRESQL, "no deploy/systemd here")
# Extras that the groups of development have.
TOOLS = ("lint", "load", "local", "test")
PYTEST = (".venv/bin/pytest", "--numprocesses=2", "-q", "-rs")


@pytest.fixture(scope="session")
def everything(install: Bake, shared: Path) -> Path:
    """A default project with an environment of its own, which has every extra."""
    project = install()
    folder = shared / "everything" / project.name
    with FileLock(shared / "everything.lock"):
        if not (folder / ".venv/lint").exists():
            ignored = shutil.ignore_patterns(".venv", "uv.lock", "requirements.txt")
            shutil.copytree(
                project, folder, symlinks=True, ignore=ignored, dirs_exist_ok=True
            )
            pyproject = folder / "pyproject.toml"
            foundation = (folder / "plinth/pyproject.toml").read_text()
            every = tomllib.loads(foundation)["project"]["optional-dependencies"]
            extras = [name for name in every if not name.startswith(TOOLS)]
            text, found = re.subn(
                r'(?m)^    "django-plinth\[.*\]"',
                f'    "django-plinth[{",".join(extras)}]"',
                pyproject.read_text(),
            )
            assert found == 1
            pyproject.write_text(text)
            run("make", "setup", ".venv/lint", ".venv/load", cwd=folder)
            run("git", "add", "--all", cwd=folder)
    return folder


@pytest.mark.long
def test_foundation_passes_its_tests_and_skips_none(everything: Path) -> None:
    report = run(*PYTEST, "plinth/plinth_tests", cwd=everything)

    assert " passed" in report
    skipped = re.findall(r"^SKIPPED .*", report, re.MULTILINE)
    assert all(line.endswith(ELSEWHERE) for line in skipped), report


@pytest.mark.long
@pytest.mark.services("postgresql")
def test_foundation_passes_its_tests_on_postgresql(
    everything: Path, tmp_path: Path
) -> None:
    (tmp_path / "only_database.py").write_text(ONLY_DATABASE)

    with services.postgresql() as url:
        report = run(
            *(*PYTEST, "-p", "only_database", "plinth/plinth_tests", "tests"),
            cwd=everything,
            env={"DATABASE_URL": url, "PYTHONPATH": str(tmp_path)},
        )

    [passed] = re.findall(r"(\d+) passed", report)
    assert int(passed) > 300
    assert NEEDS_POSTGRESQL not in report
