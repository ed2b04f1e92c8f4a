"""Production needs no package of development, and deptry finds unused dependencies."""

import os
import re
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml

from plinth_tests.processes import EMBEDDED, python

from .commands import ROOT, configured, plant, run

pytestmark = pytest.mark.practice(6)

START = """
import json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in {missing}:
            raise ModuleNotFoundError(f"{{name}} is not installed in production")

sys.meta_path.insert(0, Refuse())

import django
from django.conf import settings
from django.core.management import call_command

django.setup()
if "production" in settings.SETTINGS_MODULE:
    call_command("check")
print(json.dumps([*settings.INSTALLED_APPS, *settings.MIDDLEWARE]))
"""


def apps_and_middleware(environment: str, *missing: str, **variables: str) -> set[str]:
    """Return the top-level modules of these settings, in a process without others."""
    # Not a fork of a process that has imported some of them.
    code = START.format(missing=missing)
    done = python("-c", code, environment=environment, **variables)
    assert done.returncode == 0, done.stderr
    found = re.findall(r'"([^"]+)"', done.stdout.splitlines()[-1])
    return {name.partition(".")[0] for name in found}


def names(requirements: list[str]) -> set[str]:
    """Return the names of distributions, normalized."""
    found = {re.split(r"[\[~=<>!; ]", line)[0] for line in requirements}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def modules_of_development() -> set[str]:
    """Return the top-level modules of packages in groups for development alone."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = pyproject["dependency-groups"].values()
    packages = names(
        [name for group in groups for name in group if isinstance(name, str)]
    )
    packages |= names(
        [
            line
            for line in requires("django-plinth") or []
            if re.search(r"extra == .(local|test|lint)", line)
        ]
    )
    # With what production's packages need: an API's, PyYAML.
    packages -= names((ROOT / "requirements.txt").read_text().splitlines())
    return {
        module
        for module, distributions in packages_distributions().items()
        if packages.issuperset(names(distributions))
    }


def test_production_starts_without_packages_of_development() -> None:
    development = modules_of_development()

    assert {"debug_toolbar", "django_extensions", "pytest", "zeal"} < development
    assert apps_and_middleware("local") & development
    production = apps_and_middleware("production", *development, **EMBEDDED)
    assert not production & development


def test_unused_dependency_is_an_error(tmp_path: Path) -> None:
    configured(tmp_path)
    text = (tmp_path / "pyproject.toml").read_text()
    plant(
        tmp_path,
        "pyproject.toml",
        text.replace('    "django-plinth', '    "newt~=1.0",\n    "django-plinth', 1),
    )
    plant(tmp_path, "apps/shop.py", "from django.db import models\n")
    config = yaml.safe_load((tmp_path / "plinth/pre-commit.yaml").read_text())
    [entry] = [
        hook["entry"] for hook in config["repos"][0]["hooks"] if hook["id"] == "deptry"
    ]

    found = run(
        "/bin/sh", "-c", entry, cwd=tmp_path, env=os.environ | {"NO_COLOR": "1"}
    ).stdout

    assert "'newt' defined as a dependency but not used" in found
    assert "'django-plinth'" not in found
