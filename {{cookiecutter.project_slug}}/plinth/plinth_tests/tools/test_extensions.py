"""The commands of django-extensions, where they are installed: in local only."""

import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from .commands import run

pytestmark = pytest.mark.practice(52)

PRODUCTION = {
    "SECRET_KEY": "x" * 50,
    "ALLOWED_HOSTS": "example.com",
    "DATABASE_URL": "sqlite://",
    "EMAIL_URL": "smtp://localhost",
}


def manage(
    environment: str, *arguments: str, **variables: str
) -> CompletedProcess[str]:
    variables["DJANGO_SETTINGS_MODULE"] = f"config.settings.{environment}"
    variables["ENV_FILE"] = os.devnull
    return run("python", "manage.py", *arguments, env=variables)


def test_every_url_is_shown_with_its_view() -> None:
    done = manage("local", "show_urls")

    assert "/accounts/sign-in/\tapps.accounts.views.SignInView" in done.stdout


def test_every_template_is_valid() -> None:
    done = manage("local", "validate_templates")

    assert done.returncode == 0, done.stdout


def test_a_template_that_is_not_valid_is_found(tmp_path: Path) -> None:
    (tmp_path / "broken.html").write_text("{% nothing %}")

    done = manage("local", "validate_templates", f"--include={tmp_path}")

    assert done.returncode == 1
    assert "broken.html" in done.stdout


def test_production_knows_none_of_it() -> None:
    done = manage("production", "show_urls", **PRODUCTION)

    assert "Unknown command: 'show_urls'" in done.stdout
