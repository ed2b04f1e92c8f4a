"""A misspelled static file is found before production's storage raises on it."""

from pathlib import Path

import pytest
from django.core.checks import WARNING, CheckMessage, run_checks
from pytest_django import Settings


def found() -> list[CheckMessage]:
    return [each for each in run_checks(tags=["plinth"]) if each.id == "plinth.W005"]


@pytest.fixture
def template(settings: Settings, tmp_path: Path) -> Path:
    settings.BASE_DIR = tmp_path
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    (tmp_path / "templates/shop").mkdir(parents=True)
    return tmp_path / "templates/shop/list.html"


@pytest.mark.parametrize(
    "tag",
    [
        "{% static 'css/sit.css' %}",
        '<img src="{%static "css/sit.css" as address%}">',
        "{% static 'plinth/direct_upload.js' %}{% static 'css/sit.css' %}",
    ],
)
def test_static_tag_without_a_file_is_reported(template: Path, tag: str) -> None:
    template.write_text(f"<html>\n{tag}\n")

    (warning,) = found()

    assert (warning.id, warning.level) == ("plinth.W005", WARNING)
    assert warning.msg == (
        "templates/shop/list.html, line 2: no static file is named 'css/sit.css'."
    )


@pytest.mark.parametrize(
    "tag",
    [
        "{% static 'plinth/direct_upload.js' %}",
        "{% static 'plinth/direct_upload.js#dark' %}",
        "{% static name %}",
        "{% static 'flags/'|add:code %}",
        "{% statically 'nothing.css' %}",
    ],
)
def test_static_tag_of_a_file_or_a_variable_is_accepted(
    template: Path, tag: str
) -> None:
    template.write_text(tag)

    assert not found()
