"""One production host: who shares connections there, what serves, where secrets come from."""

from tests.mutations import Mutation, replace

COMPOSE = "deploy/compose/compose.yml"
PGBOUNCER = "deploy/pgbouncer/pgbouncer.ini"
SETUP = "deploy/compose/setup.sh"
SWITCH = "deploy/compose/switch.sh"

MUTATIONS = [
    Mutation(
        33,
        "errors-after-the-switch-stay",
        replace(SWITCH, '! errors_rise "$since" || go_back', ": ||"),
        "test_traffic_returns_when_errors_rise",
    ),
    Mutation(
        33,
        "one-error-is-enough",
        replace(SWITCH, "bad >= 5 && bad * 20 >= all", "bad"),
        "test_traffic_moves_to_a_release_that_answers",
    ),
    Mutation(
        33,
        "no-release-check",
        replace(SWITCH, "python -m plinth.server.release_check", "true"),
        "test_release_that_fails_gets_no_traffic",
    ),
    Mutation(
        33,
        "rollback-to-a-release-without-its-columns",
        replace(SWITCH, "docker compose rm --force", "true"),
        "test_release_that_the_tables_no_longer_fit_is_not_rolled_back_to",
    ),
    Mutation(
        33,
        "next-start-has-the-old-colour",
        replace(SWITCH, 'remember "$IMAGE" "$new"', "true"),
        "test_rollback_starts_the_release_before_and_migrates_nothing",
    ),
    Mutation(
        34,
        "a-connection-for-each-client",
        replace(PGBOUNCER, "pool_mode = transaction", "pool_mode = session"),
        "test_pooling_is_per_transaction",
    ),
    Mutation(
        34,
        "more-than-postgresql-takes",
        replace(PGBOUNCER, "default_pool_size = 20", "default_pool_size = 50"),
        "test_postgresql_and_open_files_suffice_for_the_pool",
    ),
    Mutation(
        34,
        "the-host-goes-past-pgbouncer",
        replace(SETUP, "@pgbouncer:6432", "@postgres:5432"),
        "test_queries_use_pgbouncer_and_migrations_bypass_it",
    ),
    Mutation(
        39,
        "a-secret-in-docker-inspect",
        replace(
            COMPOSE,
            "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password",
            "POSTGRES_PASSWORD: trial",
        ),
        "test_secrets_are_files_and_not_in_the_environment",
    ),
    Mutation(
        39,
        "new-secrets-each-time",
        replace(SETUP, '[ -e "$1" ]', "false"),
        "test_secrets_are_created_once_and_readable_by_the_group_only",
    ),
]
