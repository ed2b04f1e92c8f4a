"""Production settings, in a process of their own: what a server would really use."""

import pytest

from plinth_tests.processes import COMPLETE, python, run_code

pytestmark = pytest.mark.practice(72)


def test_the_deployment_checks_are_clean() -> None:
    done = python(
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"), **COMPLETE
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {},
            ", ".join(
                f"{name} is missing"
                for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "EMAIL_URL")
            )
            + ".",
        ),
        ({**COMPLETE, "SECRET_KEY": ""}, "SECRET_KEY is missing."),
        ({**COMPLETE, "ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS is missing."),
        (
            {**COMPLETE, "SECRET_KEY": "generated-at-set-up"},
            "SECRET_KEY is the example's.",
        ),
        ({**COMPLETE, "EMAIL_URL": ""}, "EMAIL_URL is missing."),
        ({**COMPLETE, "DEBUG": "true"}, "DEBUG is on."),
    ],
)
def test_a_bad_start_is_refused_in_one_line(
    variables: dict[str, str], line: str
) -> None:
    done = python("manage.py", "check", **variables)

    assert done.returncode == 1
    assert done.stderr == f"Production settings refuse to start: {line}\n"


def test_the_settings_that_django_uses() -> None:
    code = """
import config.wsgi
from django.conf import settings
from django.core.files.storage import storages
from django.core.mail import mailers
print(settings.DEBUG, settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE)
print(type(storages["staticfiles"]).__name__)
print(mailers.default.host)
"""
    done = run_code(code, **COMPLETE)

    assert done.stdout.split() == [
        "False",
        "True",
        "True",
        "CompressedManifestStaticFilesStorage",
        "127.0.0.1",
    ]
