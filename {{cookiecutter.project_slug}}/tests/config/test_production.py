"""Production settings, in a process of their own: what a server would really use."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

COMPLETE = {
    "SECRET_KEY": "an-unguessable-key-of-more-than-fifty-characters-0123456789",
    "ALLOWED_HOSTS": "example.com",
    "DATABASE_URL": "sqlite://",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py under production settings with these variables and no others."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "ENV_FILE": os.devnull,
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deployment_checks_are_clean() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **COMPLETE)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {},
            "SECRET_KEY is missing, ALLOWED_HOSTS is missing, DATABASE_URL is missing.",
        ),
        ({**COMPLETE, "SECRET_KEY": ""}, "SECRET_KEY is missing."),
        ({**COMPLETE, "DEBUG": "true"}, "DEBUG is on."),
    ],
)
def test_a_bad_start_is_refused_in_one_line(
    variables: dict[str, str], line: str
) -> None:
    done = manage("check", **variables)

    assert done.returncode == 1
    assert done.stderr == f"Production settings refuse to start: {line}\n"


def test_the_settings_that_django_uses() -> None:
    code = """
from django.conf import settings
from django.core.files.storage import storages
from django.core.mail import mailers
print(settings.DEBUG, settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE)
print(type(storages["staticfiles"]).__name__)
print(mailers.default.host)
"""
    done = manage("shell", "--no-imports", "--command", code, **COMPLETE)

    assert done.stdout.split() == [
        "False",
        "True",
        "True",
        "CompressedManifestStaticFilesStorage",
        "localhost",
    ], done.stderr
