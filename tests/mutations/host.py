"""One production host: who shares connections there, what serves, where secrets come from."""

from tests.mutations import Mutation, append, replace

COMPOSE = "deploy/compose/compose.yml"
PGBOUNCER = "deploy/pgbouncer/pgbouncer.ini"
SETUP = "deploy/compose/setup.sh"

MUTATIONS = [
    Mutation(
        34,
        "a-connection-for-each-client",
        replace(PGBOUNCER, "pool_mode = transaction", "pool_mode = session"),
        "test_a_connection_is_a_clients_for_a_transaction",
    ),
    Mutation(
        34,
        "more-than-postgresql-takes",
        replace(PGBOUNCER, "default_pool_size = 20", "default_pool_size = 50"),
        "test_everybody_who_may_wait_has_a_place",
    ),
    Mutation(
        34,
        "the-host-goes-past-pgbouncer",
        replace(SETUP, "@pgbouncer:6432", "@postgres:5432"),
        "test_pages_go_through_pgbouncer_and_migrations_past_it",
    ),
    Mutation(
        34,
        "statements-are-prepared-unasked",
        replace(
            "plinth/src/plinth/database/settings.py", "if self.prepare:", "if True:"
        ),
        "test_behind_pgbouncer_nothing_outlives_its_transaction",
    ),
    Mutation(
        37,
        "on-the-host",
        replace(
            COMPOSE,
            "  web-green:\n    <<: *web\n",
            "  web-green:\n    <<: *web\n"
            "    command: python manage.py runserver 0.0.0.0:8000\n",
        ),
        "test_what_is_deployed_starts_gunicorn",
    ),
    Mutation(
        37,
        "in-a-script",
        append("deploy/compose/serve.sh", "exec python manage.py runserver\n"),
        "test_what_is_deployed_starts_gunicorn",
    ),
    Mutation(
        39,
        "no-secrets-in-files",
        replace("plinth/src/plinth/env.py", 'read_secret(f"{name}_FILE")', '""'),
        "test_a_secret_may_stand_in_a_file",
    ),
    Mutation(
        39,
        "a-secret-that-is-not-there-is-none",
        replace(
            "plinth/src/plinth/env.py",
            "except (OSError, ValueError):\n",
            "except ():\n",
        ),
        "test_a_file_that_can_not_be_read_is_refused_in_one_line",
    ),
    Mutation(
        39,
        "a-secret-in-docker-inspect",
        replace(
            COMPOSE,
            "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password",
            "POSTGRES_PASSWORD: trial",
        ),
        "test_secrets_are_files_and_never_in_the_environment",
    ),
    Mutation(
        39,
        "new-secrets-each-time",
        replace(SETUP, '[ -e "$1" ]', "false"),
        "test_each_secret_is_made_once_and_for_few",
    ),
]
