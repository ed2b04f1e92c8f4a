from pathlib import Path

from django.apps import apps
from django.core.checks import run_checks
from pytest_django import Settings

from apps.practices.checks import remind_to_squash, unsquashed


def write_migrations(folder: Path, *names: str, replaces: str = "") -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        text = f"class Migration:\n    replaces = [{replaces}]\n" if replaces else ""
        (folder / f"{name}.py").write_text(text)


def test_the_project_has_nothing_to_squash() -> None:
    assert not run_checks(tags=["practices"])


def test_one_migration_too_many_brings_the_reminder(settings: Settings) -> None:
    settings.SQUASH_MIGRATIONS_AFTER = 0

    (warning,) = remind_to_squash([apps.get_app_config("accounts")])

    assert warning.id == "practices.W032"
    assert warning.hint == "manage.py squashmigrations accounts 0001_initial"


def test_other_peoples_migrations_bring_none(settings: Settings) -> None:
    settings.SQUASH_MIGRATIONS_AFTER = 0

    assert not list(remind_to_squash([apps.get_app_config("auth")]))


def test_squashing_removes_the_reminder(tmp_path: Path) -> None:
    write_migrations(tmp_path, "0001_initial", "0002_name", "0003_later")
    assert len(unsquashed(tmp_path)) == 3

    write_migrations(
        tmp_path,
        "0001_squashed_0002_name",
        replaces='("shop", "0001_initial"), ("shop", "0002_name")',
    )
    assert unsquashed(tmp_path) == ["0001_squashed_0002_name", "0003_later"]
