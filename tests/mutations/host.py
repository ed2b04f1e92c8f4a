"""One production host: connections, what serves, where secrets come from, deploys."""

from tests.mutations import Mutation, replace

ANSIBLE = "deploy/ansible/tasks/"
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
    # Deployment tools
    Mutation(
        50,
        "builds-each-time",
        replace(
            ANSIBLE + "release.yml", "found.rc != 0 and not registry", "not registry"
        ),
        "test_second_deploy_changes_nothing",
    ),
    Mutation(
        50,
        "settings-restart-the-site",
        replace(
            ANSIBLE + "switch.yml", 'serving.stdout != "IMAGE=" ~ new or', "true or"
        ),
        "test_second_deploy_changes_nothing",
    ),
    Mutation(
        50,
        "two-at-once",
        replace(ANSIBLE + "lock.yml", "    mkdir lock", "    mkdir -p lock"),
        "test_second_deploy_at_once_is_refused",
    ),
    Mutation(
        50,
        "rollback-forgets",
        replace(
            ANSIBLE + "switch.yml",
            "{{ serving.stdout.removeprefix('IMAGE=') }}",
            "{{ new }}",
        ),
        "test_previous_image_is_switched_to",
    ),
]
