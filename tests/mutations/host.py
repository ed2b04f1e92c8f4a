"""One production host: connections, what serves, where secrets come from, deploys."""

from tests.mutations import Mutation, replace

ANSIBLE = "deploy/ansible/"
COMPOSE = "deploy/compose/compose.yml"
PGBOUNCER = "deploy/pgbouncer/pgbouncer.ini"
KUBERNETES = "plinth/src/plinth/deploy/kubernetes.py"
SETUP = "deploy/setup.sh"
SWITCH = "deploy/switch.sh"

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
        replace("deploy/compose/switch.sh", "compose rm --force", "true"),
        "test_release_that_the_tables_no_longer_fit_is_not_rolled_back_to",
    ),
    Mutation(
        33,
        "second-rollback-returns-to-what-was-left",
        replace(SWITCH, 'echo "$old" >.refused', "true"),
        "test_second_rollback_does_not_return_to_what_was_left",
    ),
    Mutation(
        33,
        "next-start-has-the-old-colour",
        replace(SWITCH, 'remember "$release" "$new"', "true"),
        "test_rollback_starts_the_release_before_and_migrates_nothing",
    ),
    Mutation(
        33,
        "pods-start-before-the-release-check",
        replace(KUBERNETES, '("before-deploy", "release-check")', '("before-deploy",)'),
        "test_release_is_migrated_and_checked_before_its_pods_start",
    ),
    Mutation(
        33,
        "a-cluster-stays-with-a-release-that-is-not-ready",
        replace(KUBERNETES, "go_back(cluster, before)\n", "pass\n"),
        "test_release_that_is_not_ready_returns_to_the_one_before",
    ),
    Mutation(
        33,
        "a-job-that-was-given-up-migrates-later",
        replace(KUBERNETES, "self.suspend_job(name)", "pass"),
        "test_image_that_cannot_be_pulled_ends_the_deploy",
    ),
    Mutation(
        33,
        "old-workers-behind-new-pages",
        replace(
            KUBERNETES, "= reversed(cluster.deployments())", "= cluster.deployments()"
        ),
        "test_rollback_returns_every_deployment",
    ),
    Mutation(
        33,
        "an-unchecked-release-is-returned-to",
        replace(SWITCH, '    echo "$new" >.refused\n', ""),
        "test_release_that_was_never_checked_is_not_rolled_back_to",
    ),
    Mutation(
        33,
        "a-rollback-that-was-cut-off-mixes-releases",
        replace(KUBERNETES, " if cluster.image(it) == left", ""),
        "test_rollback_returns_all_to_one_release_after_an_interruption",
    ),
    Mutation(
        49,
        "a-way-back-during-the-last-migrations",
        replace(SWITCH, '    echo "$old" >.refused\n    applied', "    applied"),
        "test_no_way_back_after_last_migrations_that_were_cut_off",
    ),
    Mutation(
        49,
        "a-cluster-deletes-the-log-of-its-last-migrations",
        replace(
            KUBERNETES,
            "        forget_if_contracted(cluster)\n        late",
            "        late",
        ),
        "test_nobody_returns_after_a_contraction_that_was_cut_off",
    ),
    Mutation(
        49,
        "a-cluster-returns-to-a-release-without-its-columns",
        replace(KUBERNETES, '" OK" in cluster.log_of("after-deploy")', "False"),
        "test_after_a_contraction_nobody_returns_to_the_release_before",
    ),
    Mutation(
        49,
        "a-cluster-drops-columns-while-pods-drain",
        replace(KUBERNETES, "            cluster.await_stop()\n", ""),
        "test_contraction_waits_until_the_old_pods_have_stopped",
    ),
    Mutation(
        50,
        "two-deploys-to-a-cluster-at-once",
        replace(KUBERNETES, '"name": "deploy-lock"', '"name": f"lock-{holder}"'),
        "test_second_deploy_at_the_same_time_is_refused",
    ),
    Mutation(
        50,
        "a-cluster-loses-the-lock-of-another",
        replace(KUBERNETES, "--selector=holder={holder}", "--selector=holder"),
        "test_deploy_leaves_the_lock_of_another",
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
        replace(
            "deploy/compose/setup.sh", "pooler=pgbouncer:6432", "pooler=postgres:5432"
        ),
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
            ANSIBLE + "tasks/compose/build.yml",
            "found.rc != 0 and not registry",
            "not registry",
        ),
        "test_second_deploy_changes_nothing",
    ),
    Mutation(
        50,
        "switches-each-time",
        replace(
            ANSIBLE + "tasks/compose/release.yml", "serving.stdout != release", "true"
        ),
        "test_second_deploy_changes_nothing",
    ),
    Mutation(
        50,
        "two-at-once",
        replace(ANSIBLE + "tasks/lock.yml", "    mkdir lock", "    mkdir -p lock"),
        "test_second_deploy_at_once_is_refused",
    ),
    Mutation(
        50,
        "rollback-to-itself",
        replace(ANSIBLE + "rollback.yml", 'default("--rollback")', 'default("")'),
        "test_rollback_returns_to_the_release_before",
    ),
]
