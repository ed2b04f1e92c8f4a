"""One production host: who shares connections there, what serves, where secrets come from."""

from tests.mutations import Mutation, replace

COMPOSE = "deploy/compose/compose.yml"
PGBOUNCER = "deploy/pgbouncer/pgbouncer.ini"
SETUP = "deploy/compose/setup.sh"

MUTATIONS = [
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
