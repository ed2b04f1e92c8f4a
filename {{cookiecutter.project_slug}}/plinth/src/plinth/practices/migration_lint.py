"""Lint rules for migrations: what would block requests, or break the release that serves.

Only new migrations count, those that the released commit does not have, and only what they
do to tables that it has. A migration with `safe_because = "the reason"` is accepted.
"""

import json
import os
import shutil
import subprocess  # noqa: TID251 (no request waits for it)
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.migrations import AlterField, Migration, RemoveField
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import CharField, TextField

from plinth.database.executor import runs_after
from plinth.database.operations import DropColumn, RetireField, SetNotNull
from plinth.database.statements import BLOCKING, Statement, flat, render

from .checks import is_own_path

type Key = tuple[str, str]

# The commit whose migrations are released, where neither is: MIGRATIONS_BASE.
BASES = ("origin/HEAD", "origin/main", "origin/master")

DEFAULT = "the release that serves inserts no value: give the field a db_default."
UNIQUE = "use AddConstraintOnline of plinth.database.operations."
# Those rules of squawk that are about requests, and not about taste: the safe way.
SQUAWK = {
    "adding-field-with-default": "PostgreSQL rewrites the table: add the field with null=True, then Backfill and SetNotNull of plinth.database.operations.",
    "adding-foreign-key-constraint": "the rows are read under a lock that blocks writes: RunPostgreSQL with NOT VALID, then VALIDATE CONSTRAINT in a second migration.",
    "adding-not-nullable-field": "the rows are read under a lock that blocks reads: use SetNotNull of plinth.database.operations.",
    "adding-required-field": DEFAULT,
    "ban-concurrent-index-creation-in-transaction": "set atomic = False in the migration.",
    "ban-drop-column": "the release that serves still reads it: set after_deploy = True in the migration; or RetireField now, and DropColumn in a later release.",
    "ban-drop-default": DEFAULT,
    "ban-drop-table": "the release that serves still reads it: set after_deploy = True in the migration.",
    "changing-column-type": "PostgreSQL rewrites the table under a lock: add a second column, SyncColumns and Backfill, and drop the first in a later release.",
    "constraint-missing-not-valid": UNIQUE,
    "disallowed-unique-constraint": UNIQUE,
    "renaming-column": 'the release that serves reads the old name: keep it by db_column="..." in the field; or SyncColumns (docs/databases.md).',
    "renaming-table": "the release that serves reads the old name: keep it by db_table in the model's Meta.",
    "require-concurrent-index-creation": "it blocks writes: use AddIndexOnline of plinth.database.operations (db_index=False in the field).",
}
AFTER_DEPLOY = {"ban-drop-column", "ban-drop-default", "ban-drop-table"}
OWN = {
    "data-in-transaction": "its locks last until all rows are written: move the data into a migration of its own.",
    "drop-required-column": "until it is dropped, the new release inserts rows without it: AlterField to null=True, or a db_default, in a migration before.",
    "irreversible": "give it reverse_code (migrations.RunPython.noop) or reverse_sql.",
}


@dataclass(frozen=True)
class Finding:
    """A rule that an operation breaks."""

    migration: Migration
    operation: Operation
    rule: str

    @property
    def advice(self) -> str:
        return (SQUAWK | OWN)[self.rule]

    def __str__(self) -> str:
        file = sys.modules[self.migration.__module__].__file__ or ""
        return (
            f"{os.path.relpath(file, settings.BASE_DIR)}: {self.operation.describe()}: "
            f"{self.rule}: {self.advice} To accept it: safe_because in the migration."
        )


# Which migrations


def released_commit() -> str:
    """Return the commit that MIGRATIONS_BASE names, or the remote's main branch, or ""."""
    named = os.environ.get("MIGRATIONS_BASE")
    for name in [named] if named else BASES:
        found = git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
        if found:
            return found
    return ""


def git(*words: str) -> str:
    # pre-commit names another repository in a folder of a larger one.
    env = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    done = subprocess.run(  # noqa: S603 (constant words)
        ["git", *words],  # noqa: S607
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def new_migrations(loader: MigrationLoader, commit: str) -> set[Key]:
    """Return the project's own migrations that a commit does not have."""
    had = set(git("ls-tree", "-r", "--name-only", "-z", commit, ".").split("\0"))
    paths = {
        key: Path(sys.modules[migration.__module__].__file__ or "")
        for key, migration in loader.disk_migrations.items()
    }
    return {
        key
        for key, path in paths.items()
        if is_own_path(path) and str(path.relative_to(settings.BASE_DIR)) not in had
    }


# The rules


def lint(loader: MigrationLoader, new: set[Key]) -> list[Finding]:
    """Return what new migrations do wrong to tables that there were before."""
    retired: set[Key] = set()
    statements: list[Statement] = []
    state = ProjectState(real_apps=loader.unmigrated_apps)
    released = {app for app, _ in loader.graph.nodes.keys() - new}
    for key in ordered(loader):
        migration = loader.graph.nodes[key]
        if key in new and key[0] in released:
            statements += render(migration, state)
            continue
        migration.mutate_state(state, preserve=False)
        retired |= {
            (operation.model_name_lower, name)
            for operation in migration.operations
            if isinstance(operation, RetireField)
            for name in (operation.name, f"{operation.name}_id")
        }
    return judge(statements, retired)


def ordered(loader: MigrationLoader) -> Iterable[Key]:
    plans = map(loader.graph.forwards_plan, loader.graph.leaf_nodes())
    return dict.fromkeys(key for plan in plans for key in plan)


def judge(statements: list[Statement], retired: set[Key]) -> list[Finding]:
    created = {s.tables[0] for s in statements if s.sql.startswith("CREATE TABLE")}
    old = [s for s in statements if not created.intersection(s.tables[:1])]
    broken = [*squawk(old), *own_rules(old)]
    found = [
        Finding(statement.migration, statement.operation, rule)
        for statement, rule in broken
        if not getattr(statement.migration, "safe_because", "")
        and not is_safe(statement, rule, retired)
    ]
    # A UNIQUE constraint breaks two rules, with one advice.
    return list({(id(f.operation), f.advice): f for f in found}.values())


def is_safe(statement: Statement, rule: str, retired: set[Key]) -> bool:
    """Whether the models tell what the SQL does not."""
    match rule, statement.operation:
        case _ if rule in AFTER_DEPLOY and runs_after(statement.migration):
            return True
        case "ban-drop-column", DropColumn(model_name=model, column=column):
            return (model.lower(), column) in retired
        # No row has a value yet, so none is read.
        case "adding-foreign-key-constraint", _:
            return "ADD COLUMN" in statement.sql
        case "adding-not-nullable-field", SetNotNull():
            return True
        case "changing-column-type", AlterField(field=field):
            return widens(statement, field)
    return False


def widens(statement: Statement, field: object) -> bool:
    """Whether a varchar becomes longer, or text: PostgreSQL changes the catalog alone."""
    before = field_before(statement)
    return isinstance(before, CharField) and (
        isinstance(field, TextField)
        or (
            isinstance(field, CharField)
            and (field.max_length or 1 << 31) >= (before.max_length or 1 << 31)
        )
    )


def field_before(statement: Statement) -> object:
    operation = statement.operation
    key = statement.migration.app_label, operation.model_name_lower  # type: ignore[attr-defined]
    return statement.state.models[key].fields[operation.name]  # type: ignore[attr-defined]


def own_rules(statements: list[Statement]) -> Iterator[tuple[Statement, str]]:
    blocking = {id(s.migration) for s in statements if s.lock in BLOCKING}
    for statement in statements:
        migration = statement.migration
        for operation in flat([statement.operation]):
            if not (operation.reversible or isinstance(operation, DropColumn)):
                yield statement, "irreversible"
            if not operation.reduces_to_sql and (
                migration.atomic and id(migration) in blocking
            ):
                yield statement, "data-in-transaction"
            if type(operation) is RemoveField and operation is statement.operation:
                field = field_before(statement)
                if runs_after(migration) and is_required(field):
                    yield statement, "drop-required-column"


def is_required(field: object) -> bool:
    """Whether an INSERT without the column fails."""
    return not (
        getattr(field, "many_to_many", False)
        or getattr(field, "null", False)
        or getattr(field, "generated", False)
        or field.has_db_default()  # type: ignore[attr-defined]
    )


def program() -> str | None:
    return shutil.which("squawk", path=Path(sys.executable).parent)


def squawk(statements: list[Statement]) -> Iterator[tuple[Statement, str]]:
    """Yield the rules of squawk that statements break; none without squawk."""
    lines: list[tuple[str, Statement | None]] = []
    inside: Migration | None = None
    for statement in statements:
        if inside is not statement.migration:
            lines += [("COMMIT;", None)] if inside and inside.atomic else []
            inside = statement.migration
            lines += [("BEGIN;", None)] if inside.atomic else []
        lines += [(line, statement) for line in statement.sql.split("\n")]
    if not (path := program()) or not lines:
        return
    done = subprocess.run(  # noqa: S603 (the environment's own program)
        [path, "--reporter=json", "--pg-version=17"],
        input="\n".join(line for line, _ in lines),
        capture_output=True,
        text=True,
        check=False,
    )
    for each in json.loads(done.stdout):
        statement = lines[each["line"]][1]
        if statement and each["rule_name"] in SQUAWK:
            yield statement, each["rule_name"]
