"""Phases, time limits and online operations of migrations."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.optimizer import MigrationOptimizer
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from django.db.models import F, Q

from plinth.database.executor import Executor, Limits
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
from plinth.database.statements import lock_of, tables_of

LAST = ("contenttypes", "0002_remove_content_type_name")


# Phases


def plan(*unapplied: tuple[str, str], before_deploy: bool) -> list[tuple[str, str]]:
    """Return what runs of these migrations, of which the last of contenttypes is marked."""
    limits = Limits(connection, 1, 1, 1, print)
    phase = Executor(connection, limits=limits, before_deploy=before_deploy)
    phase.loader.graph.nodes[LAST].after_deploy = True
    for key in unapplied:
        phase.loader.applied_migrations.pop(key, None)
    found = phase.migration_plan(phase.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _ in found]


@pytest.mark.practice(49)
@pytest.mark.django_db
def test_marked_migration_runs_after_the_deployment() -> None:
    both = (LAST, ("sessions", "0001_initial"))

    assert plan(*both, before_deploy=True) == [both[1]]
    assert set(plan(*both, before_deploy=False)) == set(both)


@pytest.mark.practice(49)
@pytest.mark.django_db
def test_migration_that_needs_a_marked_one_is_refused_before_the_deployment() -> None:
    # One before it needs the last of contenttypes.
    needs = ("auth", "0012_alter_user_first_name_max_length")

    with pytest.raises(CommandError, match=f"{'.'.join(LAST)}, which runs after"):
        plan(LAST, needs, before_deploy=True)


@pytest.mark.practice(49)
@pytest.mark.django_db
def test_migrate_chooses_the_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    phases = []

    def migration_plan(self: Executor, targets: Any, clean_start: bool = False) -> Any:
        phases.append(self.before_deploy)
        return []

    monkeypatch.setattr(Executor, "migration_plan", migration_plan)
    for options in ({"before_deploy": True}, {}):
        call_command("migrate", verbosity=0, **options)

    assert (phases[0], phases[-1]) == (True, False)


# Time limits


class Server:
    """A PostgreSQL that some transaction has locked out, so many times."""

    vendor = "postgresql"
    in_atomic_block = False

    def __init__(self, *errors: str) -> None:
        self.errors, self.runs = list(errors), 0
        self.seen: list[str] = []

    @property
    def cursor(self) -> Any:
        return contextmanager(self.open)

    def open(self) -> Iterator[Any]:
        yield self

    def execute(self, sql: str, params: Any = ()) -> None:
        self.seen.append(sql)

    def fetchone(self) -> tuple[Any, ...]:
        return "shop_product", 7, "report", "active", "00:05:00", "SELECT 1"

    @contextmanager
    def execute_wrapper(self, wrapper: Any) -> Iterator[None]:
        yield

    def run(self, sql: str, *args: Any) -> str:
        self.runs += 1
        self.seen.append(sql)
        if self.errors:
            refused = Exception()
            refused.sqlstate = self.errors.pop()  # type: ignore[attr-defined]
            raise OperationalError from refused
        return "done"


def limits(server: Server, **options: Any) -> Limits:
    given = {"lock_timeout": 1, "statement_timeout": 30, "attempts": 10} | options
    return Limits(server, report=lambda text: None, **given)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr("plinth.database.executor.time.sleep", found.append)
    return found


ALTER = 'ALTER TABLE "shop_product" ADD COLUMN "size" integer NULL'


@pytest.mark.practice(48)
@pytest.mark.parametrize("state", ["55P03", "40P01"])
def test_statement_without_its_lock_is_retried_with_backoff(
    pauses: list[float], state: str
) -> None:
    server = Server(*[state] * 8)

    run = partial(server.run, ALTER)
    assert limits(server).retry(run) == "done"

    assert server.runs == 9
    assert all(
        low <= pause <= 2 * low for low, pause in zip(BACKOFF, pauses, strict=True)
    )


# Half of 1, 2, 4..., up to 30 seconds; at random up to twice that.
BACKOFF = [0.5, 1, 2, 4, 8, 15, 15, 15]


@pytest.mark.practice(48)
def test_migration_that_never_gets_its_lock_names_the_table_and_the_holder() -> None:
    server = Server(*["55P03"] * 99)
    limited = limits(server, attempts=3)
    limited.sql = ALTER

    with pytest.raises(CommandError) as refused:
        limited.retry(partial(server.run, ALTER), "shop.0002_size")

    text = str(refused.value)
    assert server.runs == 3
    assert text.startswith(
        "shop.0002_size: no lock on shop_product in 3 attempts of 1 s"
    )
    assert "Process 7 (report, active, for 00:05:00) uses shop_product" in text
    assert "\n" not in text


@pytest.mark.practice(48)
def test_other_errors_are_not_retried() -> None:
    for state, error in {"57014": CommandError, "23505": OperationalError}.items():
        server = Server(state)
        with pytest.raises(error):
            limits(server).retry(partial(server.run, ALTER))
        assert server.runs == 1


@pytest.mark.practice(48)
@pytest.mark.parametrize(
    ("sql", "seen"),
    [
        (ALTER, [ALTER]),
        ('CREATE INDEX CONCURRENTLY "i" ON "t" ("a")', ["0s 0s", "...", "1s 30s"]),
        ('ALTER TABLE "t" VALIDATE CONSTRAINT "c"', ["1s 0s", "...", "1s 30s"]),
        ('UPDATE "t" SET "a" = 1', ["1s 0s", "...", "1s 30s"]),
    ],
)
def test_statement_that_blocks_nothing_has_no_time_limit(
    monkeypatch: pytest.MonkeyPatch, sql: str, seen: list[str]
) -> None:
    server = Server()
    limited = limits(server)
    monkeypatch.setattr(
        Limits,
        "set",
        lambda self, *seconds: server.seen.append("{}s {}s".format(*seconds)),
    )

    limited.execute(server.run, sql, None, False, {})

    assert server.seen == [sql if text == "..." else text for text in seen]


@pytest.mark.practice(48)
@pytest.mark.parametrize(
    ("sql", "lock", "tables"),
    [
        ('ALTER TABLE "a" DROP COLUMN "b"', "ACCESS EXCLUSIVE", ["a"]),
        ('CREATE INDEX "i" ON "a" ("b")', "SHARE", ["a"]),
        (
            'CREATE UNIQUE INDEX CONCURRENTLY "i" ON "a" ("b")',
            "SHARE UPDATE EXCLUSIVE",
            ["a"],
        ),
        (
            'ALTER TABLE "a" ADD CONSTRAINT "c" FOREIGN KEY ("b") REFERENCES "d" ("id")',
            "SHARE ROW EXCLUSIVE",
            ["a", "d"],
        ),
        ("update a set b = 1; drop table if exists c", "ACCESS EXCLUSIVE", ["a", "c"]),
        ('CREATE TABLE "a" ("b" integer)', "", ["a"]),
        ('SELECT * FROM "a"', "", ["a"]),
    ],
)
def test_lock_and_tables_of_a_statement(sql: str, lock: str, tables: list[str]) -> None:
    assert (lock_of(sql), tables_of(sql)) == (lock, tables)


@pytest.mark.practice(48)
@pytest.mark.django_db
def test_plan_shows_locks_sizes_and_risks_of_unapplied_migrations(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("migrate_plan")
    assert "All migrations are applied." in capsys.readouterr().out

    for key in MigrationLoader(None).graph.backwards_plan(LAST):
        MigrationRecorder(connection).record_unapplied(*key)
    call_command("migrate_plan")

    shown = capsys.readouterr().out
    assert '  ALTER TABLE "django_content_type" DROP COLUMN "name";' in shown
    assert "    ACCESS EXCLUSIVE on django_content_type (" in shown
    assert " rows" in shown
    assert "Unsafe: " in shown


# Operations, on the database that DATABASE_URL names


PRODUCT = migrations.CreateModel(
    "Product",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=50)),
        ("note", models.TextField()),
    ],
)


class Shop:
    """A table of an app that is not installed, and its models after each operation."""

    def __init__(self) -> None:
        self.state = ProjectState()

    def apply(self, *operations: Operation) -> None:
        for operation in operations:
            before = self.state.clone()
            operation.state_forwards("shop", self.state)
            with connection.schema_editor(atomic=False) as editor:
                operation.database_forwards("shop", editor, before, self.state)

    @property
    def products(self) -> Any:
        return self.state.apps.get_model("shop", "product").objects


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Shop]:
    shop = Shop()
    shop.apply(PRODUCT)
    yield shop
    shop.apply(migrations.DeleteModel("Product"))


@pytest.mark.practice(49)
def test_column_gets_another_name_without_losing_a_row(shop: Shop) -> None:
    for number in range(5):
        shop.products.create(name=f"{number}", note="")
    title = models.CharField(max_length=50, null=True)

    shop.apply(
        migrations.AddField("product", "title", title),
        SyncColumns("product", "name", "title"),
        Backfill("product", {"title": F("name")}, where=Q(title=None), batch=2),
        RetireField("product", "name"),
        RetireField("product", "note"),
    )
    # A release without them writes.
    shop.products.create(title="5")
    shop.apply(
        StopSyncColumns("product", "name", "title"),
        SetNotNull("product", "title", models.CharField(max_length=50)),
        DropColumn("product", "name"),
        DropColumn("product", "note"),
    )

    titles = shop.products.order_by("id").values_list("title", flat=True)
    assert list(titles) == ["0", "1", "2", "3", "4", "5"]
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, "shop_product")
    assert {row.name: row.null_ok for row in found} == {"id": False, "title": False}


@pytest.mark.practice(48)
def test_constraints_and_indexes_are_added_online(shop: Shop) -> None:
    shop.apply(
        AddIndexOnline("product", models.Index(fields=["note"], name="by_note")),
        AddConstraintOnline(
            "product", models.UniqueConstraint(fields=["name"], name="one_name")
        ),
        AddConstraintOnline(
            "product", models.CheckConstraint(condition=~Q(name=""), name="named")
        ),
    )

    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "shop_product")
    assert {"by_note", "one_name", "named"} <= found.keys()
    assert found["one_name"]["unique"]
    assert found["named"]["check"]


@pytest.mark.practice(32)
def test_operations_of_the_foundation_can_be_squashed() -> None:
    """They can be written to a file; a new database has nothing to fill."""

    class Squashed(migrations.Migration):
        operations = MigrationOptimizer().optimize(
            [
                Backfill("product", {"title": F("name")}, where=Q(title=None)),
                SetNotNull("product", "title", models.CharField(max_length=50)),
                AddIndexOnline(
                    "product", models.Index(fields=["note"], name="by_note")
                ),
                SyncColumns("product", "name", "title"),
                StopSyncColumns("product", "name", "title"),
                RetireField("product", "name"),
                DropColumn("product", "name"),
            ],
            "shop",
        )

    names: dict[str, Any] = {}
    exec(MigrationWriter(Squashed("0001_squashed", "shop")).as_string(), names)  # noqa: S102

    written = names["Migration"].operations
    assert [type(operation).__name__ for operation in written] == [
        "SetNotNull",
        "AddIndexOnline",
        "SyncColumns",
        "StopSyncColumns",
        "RetireField",
        "DropColumn",
    ]
    assert (written[2].old, written[2].new) == ("name", "title")


@pytest.mark.practice(49)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
def test_each_write_of_one_name_is_copied_to_the_other(shop: Shop) -> None:
    title = models.CharField(max_length=50, null=True)
    shop.apply(
        migrations.AddField("product", "title", title),
        SyncColumns("product", "name", "title"),
    )

    row = shop.products.create(name="old", note="")
    values = shop.products.values_list("name", "title")
    assert values.get() == ("old", "old")
    shop.products.filter(pk=row.pk).update(title="new")
    assert values.get() == ("new", "new")
    shop.products.filter(pk=row.pk).update(name="old again")
    assert values.get() == ("old again", "old again")
