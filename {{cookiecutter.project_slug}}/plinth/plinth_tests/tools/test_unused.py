"""Production installs what it uses, and uses nothing of development."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from django.conf import settings

from .commands import run

pytestmark = pytest.mark.practice(6)

PRODUCTION = """
import json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in sys.argv:
            raise ModuleNotFoundError(f"{name} is not installed in production")

sys.meta_path.insert(0, Refuse())

import django
from django.conf import settings
from django.core.management import call_command

django.setup()
call_command("check")
print(json.dumps([*settings.INSTALLED_APPS, *settings.MIDDLEWARE]))
"""


def settings_of(environment: str, *missing: str) -> set[str]:
    """Return the apps and the middleware in a process without these modules."""
    done = subprocess.run(
        [sys.executable, "-c", PRODUCTION, *missing],
        cwd=settings.BASE_DIR,
        env={
            "DJANGO_SETTINGS_MODULE": f"config.settings.{environment}",
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "x" * 50,
            "ALLOWED_HOSTS": "example.com",
            "DATABASE_URL": "sqlite://",
            "EMAIL_URL": "smtp://localhost",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(re.findall(r'"([^"]+)"', done.stdout.splitlines()[-1]))


def names(requirements: list[str]) -> set[str]:
    """Return the packages that requirements name, as Python's packaging spells them."""
    found = {re.split(r"[\[~=<>!; ]", line)[0] for line in requirements}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def modules_of_development() -> set[str]:
    """Return what the packages install that only the group `dev` names."""
    pyproject = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    packages = names(pyproject["dependency-groups"]["dev"])
    return {
        module
        for module, distributions in packages_distributions().items()
        if packages.issuperset(names(distributions))
    }


def test_production_needs_no_tool_of_development() -> None:
    development = modules_of_development()

    assert {"debug_toolbar", "django_extensions", "pytest", "zeal"} < development
    production = settings_of("production", *development)
    local = settings_of("local")
    assert production < local
    # The project's own.
    local.remove("plinth.mail.inbox")
    assert {name.partition(".")[0] for name in local - production} <= development


def test_no_package_is_unused_or_missing() -> None:
    done = run("deptry", ".", "--no-ansi")

    assert done.returncode == 0, done.stdout
