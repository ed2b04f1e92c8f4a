"""django-extensions' commands are installed in local settings, and not in production."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from plinth_tests.processes import EMBEDDED, python

from .commands import plant

pytestmark = pytest.mark.practice(52)

VALIDATE = """
from django.conf import settings

settings.TEMPLATES[0]["DIRS"] = [{folder!r}]

import django
from django.core.management import call_command

django.setup()
call_command("validate_templates", "--no-apps")
"""


def validate(folder: Path) -> CompletedProcess[str]:
    return python("-c", VALIDATE.format(folder=str(folder)), environment="local")


def test_local_settings_list_every_url_with_its_view() -> None:
    done = python("manage.py", "show_urls", environment="local")

    assert "\tplinth.health.views." in done.stdout


def test_valid_template_is_accepted_and_invalid_one_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, "valid.html", "{% now 'Y' %}")
    assert "0 errors found" in validate(tmp_path).stdout

    plant(tmp_path, "broken.html", "{% nothing %}")
    done = validate(tmp_path)

    assert done.returncode
    assert "broken.html: TemplateSyntaxError" in done.stdout
    assert "Invalid block tag on line 1: 'nothing'" in done.stdout


def test_production_does_not_have_the_commands() -> None:
    done = python("manage.py", "show_urls", **EMBEDDED)

    assert "Unknown command: 'show_urls'" in done.stderr
