"""Django's newest release, and deprecations that fail a test."""

import json
import re
from importlib.metadata import requires
from pathlib import Path

import django
import pytest
from django.utils.deprecation import (
    RemovedAfterNextVersionWarning,
    RemovedInNextVersionWarning,
)

from .commands import ROOT, plant, run

pytestmark = pytest.mark.practice(40)


DEPRECATED = """
import warnings
from django.utils import deprecation

def test_next_version():
    warnings.warn("old", deprecation.RemovedInNextVersionWarning)

def test_after_next_version():
    warnings.warn("old", deprecation.RemovedAfterNextVersionWarning)
"""


def test_deprecated_call_fails_its_test(tmp_path: Path) -> None:
    plant(tmp_path, "test_deprecated.py", DEPRECATED)

    done = run(
        *("python", "-m", "pytest", "--rootdir=.", "--config-file=pyproject.toml"),
        tmp_path,
    )

    assert "2 failed" in done.stdout
    for warning in (RemovedInNextVersionWarning, RemovedAfterNextVersionWarning):
        assert f"{warning.__name__}: old" in done.stdout


def test_django_its_types_and_its_hooks_are_of_one_release() -> None:
    release = ".".join(map(str, django.VERSION[:2]))
    required = dict(
        re.findall(
            r"^(django|django-stubs)~=(\d+\.\d+)",
            "\n".join(requires("django-plinth") or []),
            re.MULTILINE,
        )
    )
    hooks = (ROOT / "plinth/pre-commit.yaml").read_text()

    assert required == {"django": release, "django-stubs": release}
    assert {*re.findall(r"--target-version ([\d.]+)", hooks)} == {release}


@pytest.mark.skipif(
    not (ROOT / "renovate.json").exists(), reason="no renovate.json in this project"
)
def test_renovate_proposes_new_releases_of_all_that_is_pinned() -> None:
    renovate = json.loads((ROOT / "renovate.json").read_text())
    places = {
        "github-actions": ".github",
        "gitlabci": ".gitlab-ci.yml",
        "terraform": "deploy/terraform",
    }
    pinned = {manager for manager, place in places.items() if (ROOT / place).exists()}

    assert {*renovate["enabledManagers"]} >= {
        *("pep621", "dockerfile", "docker-compose"),
        *pinned,
    }
    # Renovate's default for Docker Compose; the project's patterns are added to it.
    patterns = [r"(^|/)(?:docker-)?compose[^/]*\.ya?ml$"]
    patterns += [
        pattern.strip("/")
        for pattern in renovate.get("docker-compose", {}).get("managerFilePatterns", [])
    ]
    for file in ROOT.glob("deploy/compose/*.yml"):
        path = file.relative_to(ROOT).as_posix()
        assert any(re.search(pattern, path) for pattern in patterns), path
