"""One Python and one lock, from a laptop to the image."""

import os
import re
import shutil
import sys
import tomllib

import pytest
from django.conf import settings

from .commands import run

pytestmark = pytest.mark.practice(43)

ROOT = settings.BASE_DIR
UV = shutil.which("uv") or str(ROOT / ".uv/bin/uv")


def test_one_python_from_laptop_to_image() -> None:
    python = (ROOT / ".python-version").read_text().strip()
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert set(re.findall(r"FROM python:([\d.]+)", dockerfile)) == {python}

    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    oldest = pyproject["project"]["requires-python"].removeprefix(">=")
    assert pyproject["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    assert tuple(map(int, oldest.split("."))) <= sys.version_info[:2]


def test_this_project_has_an_environment_of_its_own() -> None:
    assert sys.prefix != sys.base_prefix


# The template of this project has no lock: it is made where a project is installed.
@pytest.mark.skipif(not (ROOT / "uv.lock").exists(), reason="no uv.lock here")
def test_the_environment_is_what_the_lock_says() -> None:
    env = os.environ | {
        "UV_PROJECT_ENVIRONMENT": sys.prefix,
        "UV_PYTHON": sys.executable,
    }
    done = run(UV, "sync", "--locked", "--check", "--offline", env=env)

    assert done.returncode == 0, done.stdout


def test_the_image_is_installed_from_the_lock() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    installs = re.findall(r"(?:uv|pip) (?:sync|install) (.+)", dockerfile)

    # The first brings uv itself.
    assert installs[0].startswith('"uv~=')
    assert len(installs) == 3
    assert all(options.startswith("--locked") for options in installs[1:])
