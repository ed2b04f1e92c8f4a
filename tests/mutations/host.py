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
    ),
    Mutation(
        34,
        "other-limits-behind-pgbouncer",
        replace(
            PGBOUNCER, "statement_timeout = ''30s''", "statement_timeout = ''5min''"
        ),
    ),
    Mutation(
        34,
        "pgbouncer-trusts-everybody",
        replace(PGBOUNCER, "auth_type = scram-sha-256", "auth_type = trust"),
    ),
    Mutation(
        34,
        "more-than-postgresql-takes",
        replace(PGBOUNCER, "default_pool_size = 20", "default_pool_size = 50"),
    ),
    Mutation(
        34,
        "the-host-goes-past-pgbouncer",
        replace(SETUP, "@pgbouncer:6432", "@postgres:5432"),
    ),
    Mutation(
        34,
        "the-host-migrates-through-pgbouncer",
        replace(SETUP, "@postgres:5432", "@pgbouncer:6432"),
    ),
    Mutation(
        34,
        "a-pool-before-the-pool",
        replace(COMPOSE, "DATABASE_POOLER: pgbouncer", "DATABASE_POOLER: native"),
    ),
    Mutation(
        34,
        "statements-are-prepared-unasked",
        replace("config/databases.py", "if self.prepare:", "if True:"),
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
    ),
    Mutation(
        37,
        "another-server-on-the-host",
        replace(
            COMPOSE,
            "x-web: &web\n  <<: *app\n",
            "x-web: &web\n  <<: *app\n  command: waitress-serve config.wsgi\n",
        ),
    ),
    Mutation(
        37,
        "in-a-script",
        append("deploy/compose/serve.sh", "exec python manage.py runserver\n"),
    ),
    Mutation(
        39,
        "no-secrets-in-files",
        replace("config/env.py", 'read_secret(f"{name}_FILE")', '""'),
    ),
    Mutation(
        39,
        "two-secrets-of-one-name",
        replace("config/env.py", "if value and secret:", "if False:"),
    ),
    Mutation(
        39,
        "a-secret-that-is-not-there-is-none",
        replace("config/env.py", "except (OSError, ValueError):\n", "except ():\n"),
    ),
    Mutation(
        39,
        "a-secret-in-docker-inspect",
        replace(
            COMPOSE,
            "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password",
            "POSTGRES_PASSWORD: trial",
        ),
    ),
    Mutation(39, "new-secrets-each-time", replace(SETUP, '[ -e "$1" ]', "false")),
    Mutation(39, "secrets-for-all", replace(SETUP, "chmod 640", "chmod 644")),
    Mutation(
        39,
        "the-hosts-secrets-in-git",
        replace("deploy/compose/.gitignore", "/secrets/\n", ""),
    ),
]
