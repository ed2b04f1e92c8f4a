"""The leanest project: nothing of what was answered away is left outside the foundation."""

import re
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.support import DEFAULT, LEANEST, run

# Words that give a subject away, in a file's name or on a line.
SUBJECTS = {
    "use_celery": r"celery|flower|rabbitmq|amqp|\bbeat\b",
    "media_storage": r"\bs3\b|boto|\baws|amazon|\bgcs\b|google|azure|terraform",
    "sign_up": r"allauth|sign.?up|\bmfa\b|passkey|second.factor",
    "error_tracking": r"sentry|new.?relic",
    "rest_api": r"rest_framework|\bninja\b|\bcors|plinth\.api",
    "example_app": r"catalog|\bproducts?\b",
}
PACKAGES = {
    *("celery", "celery-types", "flower", "kombu"),
    *("boto3", "botocore", "django-storages", "google-cloud-storage"),
    *("django-allauth", "fido2", "qrcode", "pyjwt"),
    *("djangorestframework", "django-ninja", "django-cors-headers", "pydantic"),
    *("azure-storage-blob", "sentry-sdk", "newrelic", "pillow"),
}
# Guides tell of every option, and so do the files that the foundation's table of alerts
# generates: a rule without series is silent.
GUIDES = ("plinth/", "docs/", "deploy/monitoring/grafana/", "deploy/monitoring/rules/")


def lines(project: Path, pattern: str) -> list[str]:
    """What has these words outside the foundation and the guides, as path and line."""
    word = re.compile(pattern, re.IGNORECASE)
    found = []
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project).as_posix()
        if not path.is_file() or name.startswith(GUIDES):
            continue
        if word.search(name):
            found.append(name)
        text = path.read_text(errors="replace")  # images too
        found += [f"{name}: {ln}" for ln in text.splitlines() if word.search(ln)]
    return found


@pytest.mark.parametrize("question", SUBJECTS)
def test_leanest_project_has_no_line_of_what_was_left_out(
    bake: Bake, question: str
) -> None:
    assert lines(bake(rest_api="drf"), SUBJECTS[question])

    left = lines(bake(**LEANEST), SUBJECTS[question])

    assert not left, "\n".join(left)


def test_leanest_guides_of_the_project_itself_name_no_celery(bake: Bake) -> None:
    for name in ("decisions.md", "production.md"):
        text = (bake(**LEANEST) / "docs" / name).read_text()
        assert not re.search("celery", text, re.IGNORECASE), name


def test_servers_files_name_no_app_that_can_be_deleted(bake: Bake) -> None:
    for path in (bake() / "deploy").rglob("*"):
        assert not path.is_file() or "catalog" not in path.read_text(), path


def test_leanest_environment_has_no_package_of_what_was_left_out(install: Bake) -> None:
    def installed(project: Path) -> set[str]:
        code = (
            "from importlib.metadata import distributions as found; "
            "print(*(it.metadata['Name'].lower() for it in found()))"
        )
        return {*run(".venv/bin/python", "-c", code, cwd=project).split()}

    assert PACKAGES & installed(install(**DEFAULT))
    assert not PACKAGES & installed(install(**LEANEST))
