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

# Extras that the groups of development have.
TOOLS = ("lint", "load", "local", "test")


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
@pytest.mark.services("postgresql")
def test_foundation_passes_its_tests_and_skips_none(everything: Path) -> None:
    """But proofs: `make prove` runs them (test_everyday.py, test_practices.py)."""
    with services.postgresql() as url:
        report = run(
            *(".venv/bin/pytest", "--numprocesses=2", "-q", "-rs"),
            *("-m", "not practice", "plinth/plinth_tests"),
            cwd=everything,
            env={"DATABASE_URL": url},
        )

    [passed] = re.findall(r"(\d+) passed", report)
    assert int(passed) > 900
    assert "SKIPPED" not in report, report
