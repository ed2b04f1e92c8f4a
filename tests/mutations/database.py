"""The databases: connections, poolers, replicas, and queries for each row."""

from tests.mutations import Mutation, delete, replace

LOCAL = "config/settings/local.py"
MIDDLEWARE = "plinth/src/plinth/database/middleware.py"
PROBES = "plinth/src/plinth/practices/probes.py"
REPLICAS = "plinth/src/plinth/database/replicas.py"
ROUTERS = "plinth/src/plinth/database/routers.py"
SETTINGS = "plinth/src/plinth/database/settings.py"
CHECKS = "plinth/src/plinth/checks.py"
BACKUP = "deploy/backup.sh"
RESTORE = "deploy/restore.sh"

MUTATIONS = [
    # Persistent connections
    Mutation(
        4,
        "persistent-under-asgi",
        replace("config/asgi.py", 'os.environ["CONN_MAX_AGE"] = "0"', ""),
        "test_connection_persists_only_where_its_thread_serves_again",
    ),
    Mutation(
        4,
        "persistent-beside-a-pool",
        replace(SETTINGS, '0 if "pool" in', '60 if "pool" in'),
        "test_connection_persists_only_where_its_thread_serves_again",
    ),
    # Options
    Mutation(
        5,
        "no-lock-timeout",
        replace(SETTINGS, " -c lock_timeout", " -c a"),
        "test_postgresql_limits_statements_and_locks",
    ),
    Mutation(
        5,
        "readers-wait",
        replace(SETTINGS, "PRAGMA journal_mode=WAL; ", ""),
        "test_sqlite_has_concurrent_readers_and_one_writer",
    ),
    # Replicas
    Mutation(
        15,
        "no-router",
        replace(
            "config/settings/parts/databases.py",
            '["plinth.database.routers.PrimaryReplicaRouter"]',
            "[]",
        ),
        "test_reads_of_a_safe_route_use_a_replica_until_a_write",
    ),
    Mutation(
        15,
        "posts-read-old-data",
        replace(MIDDLEWARE, '{"GET", "HEAD"}', '{"GET", "HEAD", "POST"}'),
        "test_write_pins_its_client_to_the_primary",
    ),
    Mutation(
        15,
        "own-write-is-not-read",
        replace(
            ROUTERS, "        self.pin_to_primary()\n        return", "        return"
        ),
        "test_reads_of_a_safe_route_use_a_replica_until_a_write",
    ),
    Mutation(
        15,
        "client-is-not-pinned",
        replace(MIDDLEWARE, "if routers.current_route().has_written:", "if False:"),
        "test_write_pins_its_client_to_the_primary",
    ),
    Mutation(
        15,
        "transactions-are-divided",
        replace(ROUTERS, " or connections[self.to].in_atomic_block", ""),
        "test_reads_of_a_safe_route_use_a_replica_until_a_write",
    ),
    Mutation(
        15,
        "new-session-is-not-found",
        replace(ROUTERS, '{"sessions"}', "set()"),
        "test_sessions_are_read_from_the_primary",
    ),
    Mutation(
        15,
        "one-route-for-all",
        replace(ROUTERS, "local = Local()", 'local = type("Local", (), {})()'),
        "test_threads_and_asyncio_tasks_have_routes_of_their_own",
    ),
    Mutation(
        15,
        "migrated-too",
        replace(ROUTERS, "return db not in replicas.aliases()", "return True"),
        "test_replicas_are_not_migrated",
    ),
    Mutation(
        15,
        "failure-is-shown",
        replace(MIDDLEWARE, "isinstance(exception, OperationalError)", "False"),
        "test_view_is_retried_on_the_primary_when_its_replica_fails",
    ),
    Mutation(
        15,
        "lagging-one-serves",
        replace(REPLICAS, "lag(alias) <= settings", "lag(alias) >= 0 * settings"),
        "test_lagging_replica_does_not_serve",
    ),
    Mutation(
        15,
        "unknown-one-serves",
        replace(REPLICAS, "default=False)", "default=True)"),
        "test_replica_of_unknown_health_does_not_serve",
    ),
    Mutation(
        15,
        "old-data-under-a-new-version",
        replace(
            "plinth/src/plinth/cache/versions.py",
            "routers.current_route().pin_to_primary()",
            "pass",
        ),
        "test_new_version_pins_reads_to_the_primary_for_the_replication_window",
    ),
    Mutation(
        15,
        "migrations-with-a-pooler",
        delete("plinth/src/plinth/management/commands/migrate.py"),
        "test_migrations_read_and_write_without_the_pooler",
    ),
    # Queries for each row
    Mutation(
        25,
        "not-in-tests",
        replace(
            "plinth/src/plinth/testing/plugin.py", "with zeal_context():", "if True:"
        ),
        "test_query_for_each_row_fails_a_test",
    ),
    Mutation(
        25,
        "not-in-local",
        replace(LOCAL, '    "zeal.middleware.zeal_middleware",', ""),
        "test_query_for_each_row_fails_a_page_in_local",
    ),
    # Pools
    Mutation(
        34,
        "no-pool",
        replace(SETTINGS, 'default="native" if', 'default="none" if'),
        "test_connection_persists_only_where_its_thread_serves_again",
    ),
    Mutation(
        34,
        "cursors-behind-pgbouncer",
        replace(SETTINGS, 'self.pooler == "pgbouncer",', "False,"),
        "test_no_session_state_outlives_a_transaction_behind_pgbouncer",
    ),
    Mutation(
        34,
        "statements-prepared-by-default",
        replace(SETTINGS, "if self.prepare:", "if True:"),
        "test_no_session_state_outlives_a_transaction_behind_pgbouncer",
    ),
    Mutation(
        34,
        "migrations-through-pgbouncer",
        replace(SETTINGS, 'elif connections.pooler == "pgbouncer":', "elif False:"),
        "test_impossible_pooler_stops_the_start",
    ),
    Mutation(
        34,
        "migrations-are-cancelled",
        replace(SETTINGS, "max_age=0, statement_timeout=0", "max_age=0"),
        "test_direct_alias_has_no_statement_timeout",
    ),
    Mutation(
        34,
        "forks-share-connections",
        replace(
            "plinth/src/plinth/server/gunicorn.py", "connection.close_pool()", "pass"
        ),
        "test_fork_of_a_server_shares_no_connection",
    ),
    # PostgreSQL
    Mutation(
        36,
        "sqlite-will-do",
        replace(PROBES, 'return embedded("SQLite', 'return on("SQLite'),
        "test_sqlite_in_production_is_reported",
    ),
    # Managed databases, and backups
    Mutation(
        41,
        "any-authority-is-trusted",
        replace(PROBES, 'if mode != "verify-full":', 'if mode == "disable":'),
        "test_unverified_connection_is_a_warning_that_names_the_parameter",
    ),
    Mutation(
        41,
        "replicas-are-not-verified",
        replace(
            PROBES,
            "for alias in connections}\n    remote",
            "for alias in ['default']}\n    remote",
        ),
        "test_unverified_connection_is_a_warning_that_names_the_parameter",
    ),
    Mutation(
        41,
        "one-release-at-a-time",
        replace(CHECKS, "most = 2 * gunicorn.workers", "most = gunicorn.workers"),
        "test_pools_are_compared_with_what_the_server_allows",
    ),
    Mutation(
        41,
        "rows-of-another-moment",
        replace(BACKUP, ' --snapshot "$SNAPSHOT"', ""),
        "test_rows_and_dump_are_of_one_moment",
    ),
    Mutation(
        41,
        "half-a-dump-is-a-backup",
        replace(BACKUP, " || kill $PPID", ""),
        "test_failure_leaves_no_backup_and_says_which_part",
    ),
    Mutation(
        41,
        "only-the-end-of-a-pipeline-counts",
        replace(
            BACKUP, '{ "$@" && touch "$new/.read"; }', '{ touch "$new/.read"; "$@"; }'
        ),
        "test_failure_leaves_no_backup_and_says_which_part",
    ),
    Mutation(
        41,
        "old-backups-go-first",
        replace(
            BACKUP,
            "# A failed backup leaves",
            "rm -r backups/2*Z || true\n# A failed backup leaves",
        ),
        "test_only_old_backups_are_deleted_and_only_after_success",
    ),
    Mutation(
        41,
        "nothing-is-compared",
        replace(RESTORE, '[ -z "$differing" ] ||', "true ||"),
        "test_differing_rows_fail_the_drill_and_replace_nothing",
    ),
    Mutation(
        41,
        "values-are-not-compared",
        replace("deploy/rows.sql", "md5(t::text)", "md5(1::text)"),
        "test_checksum_sees_a_changed_value_and_no_order",
    ),
]
