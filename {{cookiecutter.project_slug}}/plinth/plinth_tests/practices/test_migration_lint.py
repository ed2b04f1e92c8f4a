"""Lint rules for migrations, on planted ones of a released table; no server is needed."""

from pathlib import Path
from typing import Any

import django
import pytest
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import CommandError, call_command
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Q
from pytest_django import Settings

from plinth.database.operations import (
    AddConstraintOnline,
    AddIndexOnline,
    Backfill,
    DropColumn,
    RetireField,
    SetNotNull,
    StopSyncColumns,
    SyncColumns,
)
from plinth.database.statements import render
from plinth.practices import migration_lint

needs_squawk = pytest.mark.skipif(
    not migration_lint.program(), reason="squawk is not installed: make .venv/lint"
)

PRODUCT = migrations.CreateModel(
    "Product",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=50)),
        ("stock", models.IntegerField(null=True)),
        ("note", models.TextField()),
        ("rank", models.IntegerField(db_default=1)),
    ],
)
INDEX = models.Index(fields=["name"], name="by_name")
CHECK = models.CheckConstraint(condition=Q(stock__gt=0), name="stocked")
UNIQUE = models.UniqueConstraint(fields=["name"], name="one_name")
NOT_NULL = models.IntegerField(default=0)
NO_PYTHON = migrations.RunPython.noop


def findings(
    *operations: Operation, retired: str = "", **attributes: Any
) -> list[migration_lint.Finding]:
    """Lint a new migration of a table that was released."""
    state = ProjectState()
    PRODUCT.state_forwards("shop", state)
    attributes |= {"operations": operations, "__module__": __name__}
    migration = type("Migration", (migrations.Migration,), attributes)
    statements = list(render(migration("0002_change", "shop"), state))
    return migration_lint.judge(statements, {("product", retired)})


def rules(*operations: Operation, **attributes: Any) -> set[str]:
    return {finding.rule for finding in findings(*operations, **attributes)}


@pytest.mark.practice(48)
@needs_squawk
@pytest.mark.parametrize(
    ("operation", "rule", "way"),
    [
        (
            migrations.AddIndex("product", INDEX),
            "require-concurrent-index-creation",
            "AddIndexOnline",
        ),
        (
            migrations.AlterField(
                "product", "rank", models.IntegerField(db_default=1, db_index=True)
            ),
            "require-concurrent-index-creation",
            "AddIndexOnline",
        ),
        (
            AddIndexConcurrently("product", INDEX),
            "ban-concurrent-index-creation-in-transaction",
            "atomic = False",
        ),
        (
            migrations.AddConstraint("product", CHECK),
            "constraint-missing-not-valid",
            "AddConstraintOnline",
        ),
        (
            migrations.AddConstraint("product", UNIQUE),
            "disallowed-unique-constraint",
            "AddConstraintOnline",
        ),
        (
            migrations.AlterField("product", "stock", NOT_NULL),
            "adding-not-nullable-field",
            "SetNotNull",
        ),
        (
            migrations.AlterField("product", "rank", models.BigIntegerField(null=True)),
            "changing-column-type",
            "SyncColumns",
        ),
        (
            migrations.AlterField("product", "name", models.CharField(max_length=9)),
            "changing-column-type",
            "SyncColumns",
        ),
        (
            migrations.AddField(
                "product", "key", models.UUIDField(db_default=RandomUUID())
            ),
            "adding-field-with-default",
            "Backfill",
        ),
        (migrations.RenameField("product", "name", "title"), "renaming-column", "db_"),
        (migrations.RenameModel("Product", "Item"), "renaming-table", "db_table"),
        (
            migrations.RunSQL("ALTER TABLE shop_product ADD COLUMN size int NOT NULL"),
            "adding-required-field",
            "db_default",
        ),
    ],
    ids=range(12),
)
def test_unsafe_operation_is_refused_with_the_safe_way(
    operation: Operation, rule: str, way: str
) -> None:
    found = {finding.rule: finding for finding in findings(operation)}

    line = str(found[rule])
    assert way in found[rule].advice
    assert "To accept it: safe_because" in line
    assert "\n" not in line


@pytest.mark.practice(48)
def test_python_without_a_way_back_is_refused() -> None:
    assert rules(migrations.RunPython(NO_PYTHON)) == {"irreversible"}
    assert rules(migrations.RunSQL("SELECT 1")) == {"irreversible"}
    assert not rules(migrations.RunPython(NO_PYTHON, NO_PYTHON))


@pytest.mark.practice(48)
def test_data_is_not_moved_under_a_lock() -> None:
    column = migrations.AddField("product", "size", models.IntegerField(null=True))
    data = migrations.RunPython(NO_PYTHON, NO_PYTHON)

    assert rules(column, data) == {"data-in-transaction"}
    assert not rules(column, data, atomic=False)


@pytest.mark.practice(48)
@needs_squawk
@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("product", "size", models.IntegerField(null=True)),
        migrations.AddField("product", "size", models.IntegerField(db_default=1)),
        migrations.AddField(
            "product",
            "parent",
            models.ForeignKey(
                "shop.product", models.CASCADE, null=True, db_index=False
            ),
        ),
        migrations.AlterField("product", "name", models.CharField(max_length=99)),
        migrations.AlterField("product", "name", models.TextField()),
        migrations.AlterField("product", "note", models.TextField("a note")),
        AddIndexOnline("product", INDEX),
        AddConstraintOnline("product", CHECK),
        AddConstraintOnline("product", UNIQUE),
        SetNotNull("product", "stock", NOT_NULL),
        Backfill("product", {"stock": 0}, where=Q(stock=None)),
        SyncColumns("product", "name", "title"),
        StopSyncColumns("product", "name", "title"),
        RetireField("product", "note"),
        migrations.CreateModel(
            "Part",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=9, db_index=True, unique=True)),
                ("product", models.ForeignKey("shop.product", models.CASCADE)),
            ],
        ),
    ],
    ids=range(15),
)
def test_safe_operation_is_not_reported(operation: Operation) -> None:
    assert not rules(operation, atomic=False)


@pytest.mark.practice(49)
@needs_squawk
def test_column_is_dropped_after_the_deployment_only() -> None:
    drop = migrations.RemoveField("product", "stock")

    (finding,) = findings(drop)
    assert finding.rule == "ban-drop-column"
    assert "after_deploy = True" in finding.advice
    assert rules(migrations.DeleteModel("Product")) == {"ban-drop-table"}
    assert not rules(drop, after_deploy=True)
    assert not rules(migrations.DeleteModel("Product"), after_deploy=True)
    # Whenever it runs: of two names, one release knows one.
    rename = migrations.RenameField("product", "name", "title")
    assert rules(rename, after_deploy=True) == {"renaming-column"}


@pytest.mark.practice(49)
@needs_squawk
def test_required_column_is_made_nullable_before_it_is_dropped() -> None:
    drop = migrations.RemoveField("product", "note")
    nullable = migrations.AlterField("product", "note", models.TextField(null=True))

    assert rules(drop, after_deploy=True) == {"drop-required-column"}
    assert not rules(nullable, drop, after_deploy=True)
    assert not rules(migrations.RemoveField("product", "rank"), after_deploy=True)


@pytest.mark.practice(49)
@needs_squawk
def test_column_is_dropped_if_an_earlier_release_has_retired_it() -> None:
    drop = DropColumn("product", "note")

    assert rules(RetireField("product", "note"), drop) == {"ban-drop-column"}
    assert not rules(drop, retired="note")


@pytest.mark.practice(49)
@needs_squawk
def test_required_column_needs_a_default_in_the_database() -> None:
    def add(**options: Any) -> Operation:
        return migrations.AddField("product", "size", models.IntegerField(**options))

    assert rules(add(default=1)) == {"ban-drop-default"}
    assert not rules(add(default=1, db_default=1))


@pytest.mark.practice(48)
def test_migration_that_says_why_it_is_safe_is_accepted() -> None:
    unsafe = migrations.RunPython(NO_PYTHON)

    assert not rules(unsafe, safe_because="The table has ten rows.")


@pytest.mark.practice(48)
def test_new_table_may_be_changed_freely() -> None:
    part = migrations.CreateModel(
        "Part", [("id", models.BigAutoField(primary_key=True))]
    )
    size = migrations.AddField("part", "size", models.IntegerField(default=1))
    index = migrations.AddIndex("part", models.Index(fields=["size"], name="by_size"))
    gone = migrations.RemoveField("part", "size")

    assert not rules(part, size, index, gone)


@pytest.mark.practice(48)
def test_released_migrations_and_those_of_new_apps_are_not_linted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loader = MigrationLoader(None)
    # Django's, as if the project had written them.
    mine = {key for key in loader.disk_migrations if key[0] == "contenttypes"}
    linted: list[Any] = []

    def render(migration: migrations.Migration, state: ProjectState) -> list[Any]:
        linted.append((migration.app_label, migration.name))
        return []

    monkeypatch.setattr(migration_lint, "render", render)

    migration_lint.lint(loader, mine)
    assert not linted
    migration_lint.lint(loader, {max(mine)})
    assert linted == [max(mine)]


@pytest.mark.practice(48)
@needs_squawk
def test_lint_reports_what_the_released_commit_does_not_have(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = "django/contrib/contenttypes/migrations"
    names = ["0001_initial.py", "0002_remove_content_type_name.py"]
    files = [f"{folder}/{name}" for name in names]

    def git(*words: str) -> str:
        return "a1b2c3" if words[0] == "rev-parse" else "\0".join(files)

    def is_own_path(path: Path) -> bool:
        return path.parent.match(folder)

    monkeypatch.setattr(migration_lint, "git", git)
    monkeypatch.setattr(migration_lint, "is_own_path", is_own_path)
    settings.BASE_DIR = Path(django.__file__).parent.parent

    call_command("lint_migrations")
    new = files.pop()
    with pytest.raises(CommandError, match="unsafe operations in new migrations"):
        call_command("lint_migrations")

    (line, *_) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{new}: ")


@pytest.mark.practice(48)
def test_nothing_is_linted_before_anything_is_released(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(migration_lint, "git", lambda *words: "")
    monkeypatch.delenv("CI", raising=False)

    call_command("lint_migrations")

    assert "No migration is released" in capsys.readouterr().out
    # In a pipeline, the main branch was not fetched.
    monkeypatch.setenv("CI", "true")
    with pytest.raises(CommandError, match="MIGRATIONS_BASE"):
        call_command("lint_migrations")
