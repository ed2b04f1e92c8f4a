"""One Python version and one lock file, from a laptop to the image."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from .commands import ROOT, run

pytestmark = pytest.mark.practice(43)

UV = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
# The template of this project has neither: they are written where it is installed.
needs_lock = pytest.mark.skipif(not (ROOT / "uv.lock").exists(), reason="no uv.lock")


@pytest.fixture
def dockerfile() -> str:
    path: Path = ROOT / "Dockerfile"
    if not path.exists():
        pytest.skip("no Dockerfile in this project")
    return path.read_text()


def test_image_has_the_python_version_of_the_project(dockerfile: str) -> None:
    version = (ROOT / ".python-version").read_text().strip()

    assert {*re.findall(r"FROM python:([\d.]+)", dockerfile)} == {version}


def test_environment_is_the_projects_own() -> None:
    assert sys.prefix != sys.base_prefix


@needs_lock
def test_environment_has_the_locked_versions() -> None:
    env = os.environ | {
        "UV_PROJECT_ENVIRONMENT": sys.prefix,
        "UV_PYTHON": sys.executable,
    }
    # More may be installed than the lock has.
    options = ("--inexact", "--no-dev", "--group=local", "--group=test")
    done = run(UV, "sync", "--locked", "--check", "--offline", *options, env=env)

    assert done.returncode == 0, done.stdout


def test_image_is_installed_from_the_lock(dockerfile: str) -> None:
    installs = re.findall(r"uv sync (.+)", dockerfile)

    assert installs
    assert all(options.startswith("--locked") for options in installs)
