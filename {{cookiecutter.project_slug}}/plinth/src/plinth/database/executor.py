"""Migrations beside running requests: two phases, limits of time, and retries.

A migration with `after_deploy = True` is of the second phase: it removes what the previous
release still uses.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from .statements import BLOCKING, lock_of, tables_of

# SQLSTATE: lock_not_available, deadlock_detected; query_canceled.
LOCKED = {"55P03", "40P01"}
TIMED_OUT = "57014"
# The process whose transaction is the oldest of those that hold a lock on the tables.
HOLDER = """
SELECT l.relation::regclass, a.pid, a.application_name, a.state,
    date_trunc('second', now() - a.xact_start), left(a.query, 80)
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.relation IN (SELECT to_regclass(quote_ident(name)) FROM unnest(%s::text[]) name)
    AND l.granted AND a.pid <> pg_backend_pid() AND a.xact_start IS NOT NULL
ORDER BY a.xact_start LIMIT 1
"""


def runs_after(migration: Migration) -> bool:
    return getattr(migration, "after_deploy", False)


@dataclass
class Limits:
    """How long a migration blocks requests, in seconds; 0 is no limit.

    A statement waits for a lock for `lock_timeout`, and so do the requests behind it. Then it
    is retried with exponential backoff: the whole transaction, or in a migration with
    `atomic = False` the statement. `statement_timeout` is for what holds a lock that blocks
    requests; CREATE INDEX CONCURRENTLY, VALIDATE CONSTRAINT and a statement of data outside
    a transaction may take as long as they need.
    """

    connection: BaseDatabaseWrapper
    lock_timeout: float
    statement_timeout: float
    attempts: int
    report: Callable[[str], object]
    sql: str = ""

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Limit the statements of a block, on PostgreSQL."""
        if self.connection.vendor != "postgresql":
            yield
            return
        try:
            with self.connection.execute_wrapper(self.execute):
                yield
        finally:
            if self.connection.connection:
                with suppress(DatabaseError), self.connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout; RESET statement_timeout")

    def start(self) -> None:
        if self.connection.vendor == "postgresql":
            self.set(self.lock_timeout, self.statement_timeout)

    def set(self, lock_timeout: float, statement_timeout: float) -> None:
        with self.connection.cursor() as cursor:
            cursor.cursor.execute(
                f"SET lock_timeout = '{lock_timeout}s';"
                f"SET statement_timeout = '{statement_timeout}s'"
            )

    def execute(
        self, run: Callable, sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.sql = sql
        if self.connection.in_atomic_block:
            return run(sql, params, many, context)
        if lock_of(sql) in BLOCKING:
            return self.retry(lambda: run(sql, params, many, context))
        # A concurrent index waits for every transaction, and nothing waits for it. After a
        # timeout it would stay behind, invalid.
        self.set(0 if "CONCURRENTLY" in sql else self.lock_timeout, 0)
        try:
            return self.retry(lambda: run(sql, params, many, context))
        finally:
            with suppress(DatabaseError):
                self.set(self.lock_timeout, self.statement_timeout)

    def retry[T](self, run: Callable[[], T], migration: str = "The migration") -> T:
        """Run what may fail for want of a lock. Raises CommandError with one line."""
        for attempt in range(1, self.attempts + 1):
            try:
                return run()
            except OperationalError as error:
                self.roll_back(error)
                state = getattr(error.__cause__, "sqlstate", "")
                if state == TIMED_OUT and self.statement_timeout:
                    raise CommandError(
                        f"{migration}: a statement held its lock for "
                        f"{self.statement_timeout:g} s, and was rolled back: {self.sql}. "
                        "See docs/databases.md for a way without the lock, or show a "
                        "maintenance page and run migrate --statement-timeout 0."
                    ) from error
                if state not in LOCKED:
                    raise
                if attempt == self.attempts:
                    raise CommandError(f"{migration}: {self.locked()}") from error
                jitter = random.uniform(0.5, 1)  # noqa: S311
                pause = jitter * min(2 ** (attempt - 1), 30)
                self.report(
                    f"\n  locked: attempt {attempt} of {self.attempts}, the next in "
                    f"{pause:.1f} s..."
                )
                time.sleep(pause)
        raise AssertionError("attempts must be positive")

    def roll_back(self, error: Exception) -> None:
        """End the transaction that a failed deferred statement leaves open."""
        if self.connection.in_atomic_block:
            self.connection.atomic_blocks[-1].__exit__(type(error), error, None)

    def locked(self) -> str:
        sql, tables = self.sql.rstrip(";"), tables_of(self.sql)
        text = (
            f"no lock on {' and '.join(tables)} in {self.attempts} attempts of "
            f"{self.lock_timeout:g} s, for: {sql}."
        )
        with self.connection.cursor() as cursor:
            cursor.execute(HOLDER, [tables])
            holder = cursor.fetchone()
        if not holder:
            return f"{text} Run migrate again."
        table, pid, name, state, age, query = holder
        return (
            f"{text} Process {pid} ({name}, {state}, for {age}) uses {table}: {query!r}. "
            f"Wait for it, or end it (SELECT pg_terminate_backend({pid})), and run migrate "
            "again."
        )


class Executor(MigrationExecutor):
    """Django's executor, in two phases, with limits."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        progress_callback: Any = None,
        *,
        limits: Limits,
        before_deploy: bool = False,
    ) -> None:
        super().__init__(connection, progress_callback)
        self.limits = limits
        limits.start()
        self.before_deploy = before_deploy

    def migration_plan(self, targets: Any, clean_start: bool = False) -> Any:
        plan = super().migration_plan(targets, clean_start)
        if clean_start or not self.before_deploy:
            return plan
        later = {
            (migration.app_label, migration.name)
            for migration, backwards in plan
            if runs_after(migration) and not backwards
        }
        now = [
            (migration, backwards)
            for migration, backwards in plan
            if (migration.app_label, migration.name) not in later
        ]
        for migration, backwards in now:
            key = migration.app_label, migration.name
            if not backwards and (
                first := later.intersection(self.loader.graph.forwards_plan(key))
            ):
                raise CommandError(
                    f"{migration} needs {'.'.join(min(first))}, which runs after the "
                    "deployment of its own release: finish that one first (manage.py "
                    "migrate with its image), or mark both with after_deploy = True."
                )
        return now

    def apply_migration(
        self, state: ProjectState, migration: Migration, *args: Any, **kwargs: Any
    ) -> ProjectState:
        apply = super().apply_migration
        if not migration.atomic or self.connection.vendor != "postgresql":
            # The limits retry its statements: it has no transaction to roll back.
            return apply(state, migration, *args, **kwargs)
        return self.limits.retry(
            lambda: apply(state.clone(), migration, *args, **kwargs), str(migration)
        )
