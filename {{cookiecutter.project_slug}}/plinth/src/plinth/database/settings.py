"""DATABASES from environment variables.

- `default`: the primary, which takes every write; SQLite until DATABASE_URL is set.
- `replica_1`, `replica_2`...: read replicas, the URLs in DATABASE_REPLICA_URL.
- `direct`: the primary without a pooler and without a statement timeout, for migrations
  and long reads. On PostgreSQL only.

`plinth.database.routers` chooses one of them for each query.
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
    """Options of connections. Times are in seconds; a limit of 0 is none."""

    application_name: str
    pooler: str
    pool_size: int
    max_age: int
    statement_timeout: int
    lock_timeout: int
    prepare: bool
    comment: bool
    connect_timeout: int = 5

    def configure(self, database: Database) -> Database:
        """Add the options to a database; those of its URL (?sslmode=...) win."""
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
            # A connection persists for the thread's next request, which tests it first.
            # With a pool, the pool owns it.
            "CONN_MAX_AGE": 0 if "pool" in options else self.max_age,
            "CONN_HEALTH_CHECKS": True,
            # PgBouncer gives the next statement another connection, without the cursor.
            "DISABLE_SERVER_SIDE_CURSORS": self.pooler == "pgbouncer",
            # `plinth.logs.queries` reads it.
            "COMMENT_QUERIES": self.comment,
        }

    def postgresql(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            # Shown in pg_stat_activity and in the server's log.
            "application_name": self.application_name,
            "connect_timeout": self.connect_timeout,
        }
        if self.prepare:
            # Otherwise Django interpolates parameters, and no two statements are equal.
            options["server_side_binding"] = True
            # Prepare a statement on its sixth execution by a connection.
            options["prepare_threshold"] = 5
        # PgBouncer refuses them; deploy/pgbouncer/pgbouncer.ini sets the same.
        if self.pooler != "pgbouncer":
            # A statement is cancelled before a proxy gives up on its page (60). The other
            # two bound how long a lock, or a forgotten transaction, blocks others.
            options["options"] = (
                f"-c statement_timeout={self.statement_timeout}s"
                f" -c lock_timeout={self.lock_timeout}s"
                " -c idle_in_transaction_session_timeout=60s"
            )
        if self.pooler == "native":
            options["pool"] = {
                "min_size": 1,
                # One for each thread of the process, or threads wait for each other.
                "max_size": self.pool_size,
                # A thread waits while all are in use, or while the server restarts.
                "timeout": 2 * self.connect_timeout,
                # Bounds the backoff of reconnection attempts, so that a request soon
                # finds a server that is back.
                "reconnect_timeout": self.connect_timeout,
            }
        return options


def databases(env: Env, *, sqlite: Path, application_name: str) -> dict[str, Database]:
    """Return DATABASES."""
    primary: Database = {"ENGINE": SQLITE, "NAME": sqlite}
    if env("DATABASE_URL"):
        primary = env.database("DATABASE_URL")
    on_postgresql = primary["ENGINE"] == POSTGRESQL
    connections = Connections(
        application_name=application_name,
        # native: the threads of a process share a pool. pgbouncer: DATABASE_URL leads to
        # PgBouncer, and all processes share its pool. none: each thread has its own.
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
        comment=env.bool("DATABASE_COMMENT_QUERIES", default=False),
    )
    if connections.comment and connections.prepare:
        # A statement is prepared when the same text comes again.
        fail("DATABASE_COMMENT_QUERIES", "false with DATABASE_PREPARED_STATEMENTS")
    if connections.pooler != "none" and not on_postgresql:
        fail("DATABASE_POOLER", "none, unless DATABASE_URL names PostgreSQL")
    found = {"default": connections.configure(primary)}
    # The primary can serve instead of a replica, so a request does not wait long for one:
    # in a native pool a thread would wait while the pool reconnects.
    pooler = "pgbouncer" if connections.pooler == "pgbouncer" else "none"
    replica = replace(connections, pooler=pooler, connect_timeout=2)
    for number, copy in enumerate(env.databases("DATABASE_REPLICA_URL"), start=1):
        if copy["ENGINE"] != primary["ENGINE"]:
            fail("DATABASE_REPLICA_URL", "replicas of the server in DATABASE_URL")
        found[f"replica_{number}"] = replica.configure(copy)
    if on_postgresql:
        if env("DATABASE_DIRECT_URL"):
            primary = env.database("DATABASE_DIRECT_URL")
        elif connections.pooler == "pgbouncer":
            fail("DATABASE_DIRECT_URL", "the server's own URL beside a PgBouncer's")
        # Rarely used: no persistent connections.
        direct = replace(connections, pooler="none", max_age=0, statement_timeout=0)
        found["direct"] = direct.configure(primary)
    return found
