"""Django is of the newest line, and the next one will bring no surprise."""

import json
import re
import tomllib
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.utils.deprecation import (
    RemovedAfterNextVersionWarning,
    RemovedInNextVersionWarning,
)

from .commands import run

pytestmark = pytest.mark.practice(40)

ROOT = settings.BASE_DIR


@pytest.mark.parametrize(
    "warning", [RemovedInNextVersionWarning, RemovedAfterNextVersionWarning]
)
def test_a_deprecated_call_fails_the_suite(
    tmp_path: Path, warning: type[Warning]
) -> None:
    (tmp_path / "test_old.py").write_text(f"""
import warnings
from django.utils.deprecation import {warning.__name__}

def test_that_calls_what_is_deprecated():
    warnings.warn("old", {warning.__name__})
""")
    done = run(
        *("python", "-m", "pytest", "--rootdir=.", "--config-file=pyproject.toml"),
        tmp_path,
    )

    assert f"{warning.__name__}: old" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_start_calls_nothing_that_is_deprecated() -> None:
    """The suite's own start comes before its warnings are errors."""
    done = run(
        "python", "-W", "error", "manage.py", "check", "--settings=config.settings.test"
    )

    assert done.returncode == 0, done.stdout


def test_all_that_goes_with_django_is_for_the_line_that_runs() -> None:
    line = ".".join(map(str, django.VERSION[:2]))
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = (
        pyproject["project"]["dependencies"] + pyproject["dependency-groups"]["dev"]
    )
    pinned = [name for name in packages if name.startswith(("django~", "django-stubs"))]
    assert len(pinned) == 2
    assert all(f"~={line}." in requirement for requirement in pinned)

    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"--target-version (\S+)", hooks) == [line, line]


def test_somebody_is_told_of_a_new_release() -> None:
    managers = json.loads((ROOT / "renovate.json").read_text())["enabledManagers"]

    # What pins a version, and who reads it.
    assert {"pep621", "dockerfile", "docker-compose"} <= {*managers}
