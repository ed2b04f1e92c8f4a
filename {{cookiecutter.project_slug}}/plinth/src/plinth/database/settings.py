"""The databases that variables name, for the settings to take.

- `default`: the primary, which takes every write; SQLite until DATABASE_URL names another.
- `replica_1`, `replica_2` and so on: its copies, which DATABASE_REPLICA_URL names.
- `direct`: the primary once more, without a pooler between and without a limit for a
  statement: for migrations and long reads. On PostgreSQL only.

`plinth/src/plinth/database/routers.py` says which of them serves a query.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plinth.env import Env, fail

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"

Database = dict[str, Any]


@dataclass(frozen=True)
class Connections:
    """How to connect. Times are in seconds; of the limits, 0 is none."""

    application_name: str
    pooler: str
    pool_size: int
    max_age: int
    statement_timeout: int
    lock_timeout: int
    prepare: bool
    # How long to wait for a connection.
    connect_timeout: int = 5

    def to(self, database: Database) -> Database:
        """Add what is not in the URL; what is (?sslmode=verify-full) stands above it."""
        options: dict[str, Any] = {}
        if database["ENGINE"] == SQLITE:
            options = {
                # Readers don't wait for the writer, and a writer waits for its turn
                # at the start of a transaction instead of failing in the middle.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
                "transaction_mode": "IMMEDIATE",
            }
        if database["ENGINE"] == POSTGRESQL:
            options = self.postgresql()
        return database | {
            "OPTIONS": options | database.get("OPTIONS", {}),
            # A connection is kept for the thread's next request, and tried before it is
            # used. A pool keeps its own.
            "CONN_MAX_AGE": 0 if "pool" in options else self.max_age,
            "CONN_HEALTH_CHECKS": True,
            # PgBouncer gives the next statement another connection, without the cursor.
            "DISABLE_SERVER_SIDE_CURSORS": self.pooler == "pgbouncer",
        }

    def postgresql(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            # Whose connection it is, in pg_stat_activity and in the server's log.
            "application_name": self.application_name,
            "connect_timeout": self.connect_timeout,
        }
        if self.prepare:
            # Django would put the values into the text, so that no two are the same.
            options["server_side_binding"] = True
            # What a connection runs for the sixth time, the server has planned before.
            options["prepare_threshold"] = 5
        # PgBouncer refuses them; deploy/pgbouncer/pgbouncer.ini sets the same.
        if self.pooler != "pgbouncer":
            # A statement is cancelled before a proxy gives up on its page (60), and
            # nobody queues for long behind a lock, or behind who forgot a transaction.
            options["options"] = (
                f"-c statement_timeout={self.statement_timeout}s"
                f" -c lock_timeout={self.lock_timeout}s"
                " -c idle_in_transaction_session_timeout=60s"
            )
        if self.pooler == "native":
            options["pool"] = {
                "min_size": 1,
                # As many as the process has threads, or they wait for each other.
                "max_size": self.pool_size,
                # A thread waits while others use them all, or the server restarts.
                "timeout": 2 * self.connect_timeout,
                # A server that is back is found by the next who asks: without an end,
                # tries would be as far apart as it was away.
                "reconnect_timeout": self.connect_timeout,
            }
        return options


def databases(
    env: Env, *, sqlite: Path, application_name: str
) -> dict[str, Database]:
    primary: Database = {"ENGINE": SQLITE, "NAME": sqlite}
    if env("DATABASE_URL"):
        primary = env.database("DATABASE_URL")
    on_postgresql = primary["ENGINE"] == POSTGRESQL
    connections = Connections(
        application_name=application_name,
        # Who shares connections: the threads of a process, in a pool of its own; all
        # processes, if the URL leads to a PgBouncer; or nobody.
        pooler=env.choice(
            "DATABASE_POOLER",
            "native",
            "pgbouncer",
            "none",
            default="native" if on_postgresql else "none",
        ),
        pool_size=env.integer("DATABASE_POOL_SIZE", default=10),
        max_age=env.integer("CONN_MAX_AGE", default=60),
        statement_timeout=env.integer("DATABASE_STATEMENT_TIMEOUT", default=30),
        lock_timeout=env.integer("DATABASE_LOCK_TIMEOUT", default=10),
        prepare=env.bool("DATABASE_PREPARED_STATEMENTS", default=False),
    )
    if connections.pooler != "none" and not on_postgresql:
        fail("DATABASE_POOLER", "none, unless DATABASE_URL names PostgreSQL")
    found = {"default": connections.to(primary)}
    # Another can serve instead of a replica, so nobody waits long for one: in a pool a
    # thread waits while the pool tries again.
    pooler = "pgbouncer" if connections.pooler == "pgbouncer" else "none"
    replica = replace(connections, pooler=pooler, connect_timeout=2)
    for number, copy in enumerate(env.databases("DATABASE_REPLICA_URL"), start=1):
        found[f"replica_{number}"] = replica.to(copy)
    if on_postgresql:
        if env("DATABASE_DIRECT_URL"):
            primary = env.database("DATABASE_DIRECT_URL")
        elif connections.pooler == "pgbouncer":
            fail("DATABASE_DIRECT_URL", "the server's own URL beside a PgBouncer's")
        # Seldom used, so nobody keeps it.
        direct = replace(connections, pooler="none", max_age=0, statement_timeout=0)
        found["direct"] = direct.to(primary)
    return found
