"""The databases: who serves a read, who shares a connection, and who goes past."""

from tests.mutations import Mutation, delete, replace

DATABASES = "plinth/src/plinth/database/settings.py"
ROUTERS = "plinth/src/plinth/database/routers.py"
REPLICAS = "plinth/src/plinth/database/replicas.py"
MIDDLEWARE = "plinth/src/plinth/http/middleware.py"

MUTATIONS = [
    Mutation(
        15,
        "no-router",
        replace(
            "config/settings/base.py",
            '["plinth.database.routers.PrimaryReplicaRouter"]',
            "[]",
        ),
        "test_only_what_changes_nothing_reads_from_a_replica",
    ),
    Mutation(
        15,
        "posts-read-old-data",
        replace(MIDDLEWARE, '{"GET", "HEAD"}', '{"GET", "HEAD", "POST"}'),
        "test_a_page_reads_from_a_replica_until_its_visitor_writes",
    ),
    Mutation(
        15,
        "a-write-is-not-seen",
        replace(
            ROUTERS, "        self.pin_to_primary()\n        return", "        return"
        ),
        "test_only_what_changes_nothing_reads_from_a_replica",
    ),
    Mutation(
        15,
        "a-write-is-forgotten",
        replace(MIDDLEWARE, "if routers.current().has_written:", "if False:"),
        "test_a_page_reads_from_a_replica_until_its_visitor_writes",
    ),
    Mutation(
        15,
        "transactions-are-divided",
        replace(ROUTERS, " or connections[self.to].in_atomic_block", ""),
        "test_only_what_changes_nothing_reads_from_a_replica",
    ),
    Mutation(
        15,
        "signed-out",
        replace(ROUTERS, '{"sessions"}', "set()"),
        "test_sessions_are_read_from_the_primary",
    ),
    Mutation(
        15,
        "migrated-too",
        replace(ROUTERS, "return db not in replicas.aliases()", "return True"),
        "test_migrations_leave_replicas_alone",
    ),
    Mutation(
        15,
        "a-failure-is-shown",
        replace(MIDDLEWARE, "isinstance(exception, OperationalError)", "False"),
        "test_a_page_is_made_from_the_primary_when_the_replica_fails_on_it",
    ),
    Mutation(
        15,
        "lag-does-not-count",
        replace(REPLICAS, "lag(alias) <= settings", "lag(alias) >= 0 * settings"),
        "test_a_replica_that_is_behind_does_not_serve",
    ),
    Mutation(
        15,
        "unknown-ones-serve",
        replace(REPLICAS, "default=False)", "default=True)"),
        "test_a_replica_that_nobody_has_asked_does_not_serve",
    ),
    Mutation(
        15,
        "old-data-are-kept-as-new",
        replace(
            "plinth/src/plinth/cache/versions.py",
            "routers.current().pin_to_primary()",
            "pass",
        ),
        "test_what_is_kept_after_a_change_is_read_from_the_primary",
    ),
    Mutation(
        34,
        "no-pool",
        replace(DATABASES, 'default="native" if', 'default="none" if'),
        "test_a_connection_is_kept_only_where_a_thread_finds_it_again",
    ),
    Mutation(
        34,
        "cursors-behind-pgbouncer",
        replace(DATABASES, 'self.pooler == "pgbouncer"', "False"),
        "test_behind_pgbouncer_nothing_outlives_its_transaction",
    ),
    Mutation(
        34,
        "migrations-through-pgbouncer",
        replace(DATABASES, 'elif connections.pooler == "pgbouncer":', "elif False:"),
        "test_a_pooler_that_can_not_work_stops_the_start",
    ),
    Mutation(
        34,
        "migrations-in-a-hurry",
        replace(DATABASES, "max_age=0, statement_timeout=0", "max_age=0"),
        "test_migrations_have_no_time_limit_but_for_locks",
    ),
    Mutation(
        34,
        "long-reads-through-pgbouncer",
        replace(ROUTERS, "return DIRECT if pooled else alias", "return alias"),
        "test_long_reads_go_past_pgbouncer",
    ),
    Mutation(
        34,
        "shared-by-forks",
        replace(
            "plinth/src/plinth/server/gunicorn.py", "connection.close_pool()", "pass"
        ),
        "test_no_connection_outlives_the_fork_of_a_server",
    ),
    Mutation(
        15,
        "migrations-by-default",
        delete("plinth/src/plinth/management/commands/migrate.py"),
        "test_migrations_go_the_direct_way_with_all_they_read_and_write",
    ),
]
