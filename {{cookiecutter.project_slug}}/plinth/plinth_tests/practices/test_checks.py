"""System checks find planted code, and leave the owner a way to silence them."""

from pathlib import Path

import pytest
from django.core.checks import INFO, CheckMessage, run_checks
from pytest_django import Settings

PLANTED = "plinth_tests.practices"
DECISIONS = """
# Decisions

## 1. We bake bread

- Philosophy: Less code
- Decision: bread.

## 2. No cake

- Philosophy: More cake
- Decision: no cake.

## 3. Ovens

Because.
"""


def found(number: int) -> list[CheckMessage]:
    return [
        check
        for check in run_checks(tags=["practices"])
        if check.id == f"practices.W{number:03}"
    ]


@pytest.fixture
def _planted(settings: Settings) -> None:
    settings.ROOT_URLCONF = f"{PLANTED}.urls"


@pytest.mark.practice(44)
@pytest.mark.usefixtures("_planted")
@pytest.mark.parametrize(
    ("style", "messages"),
    [
        (
            "class",
            [
                f"The view {PLANTED}.shop_urls.function is a function: VIEW_STYLE is 'class'."
            ],
        ),
        (
            "function",
            [
                f"The view {PLANTED}.shop_urls.PageView is a class: VIEW_STYLE is 'function'."
            ],
        ),
        (None, []),
    ],
)
def test_view_of_the_other_style_is_reported(
    settings: Settings, style: str | None, messages: list[str]
) -> None:
    settings.VIEW_STYLE = style

    assert [note.msg for note in found(44)] == messages


@pytest.mark.practice(68)
@pytest.mark.usefixtures("_planted")
def test_url_without_a_name_or_a_namespace_is_reported() -> None:
    assert [note.msg for note in found(68)] == [
        "The URL of django.views.generic.base.RedirectView has no namespace.",
        f"The URL of {PLANTED}.shop_urls.PageView has no name.",
    ]


@pytest.mark.practice(71)
def test_decision_without_a_philosophy_is_reported(
    settings: Settings, tmp_path: Path
) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/decisions.md").write_text(DECISIONS)

    assert [note.msg for note in found(71)] == [
        "docs/decisions.md, '2. No cake': the philosophy is not Django's: 'More cake'.",
        "docs/decisions.md, '3. Ovens': the philosophy is missing.",
    ]


@pytest.mark.practice(71)
def test_deleted_decisions_are_not_reported(settings: Settings, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path

    assert found(71) == []


@pytest.mark.usefixtures("_planted")
@pytest.mark.parametrize("number", [44, 68])
def test_taste_fails_no_build_and_says_how_to_silence_it(
    settings: Settings, number: int
) -> None:
    settings.VIEW_STYLE = "class"

    for note in found(number):
        assert note.level == INFO
        assert note.hint
        assert f'SILENCED_SYSTEM_CHECKS = ["practices.W{number:03}"]' in note.hint
