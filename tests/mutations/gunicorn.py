"""The web server: processes, sockets, shutdown, statsd, open files."""

from tests.mutations import Mutation, append, replace

CONFIG = "plinth/src/plinth/server/gunicorn.py"
PROBES = "plinth/src/plinth/practices/probes.py"
RESOURCES = "plinth/src/plinth/server/resources.py"
MEMORY = "plinth/src/plinth/server/memory.py"

MUTATIONS = [
    Mutation(
        60,
        "unknown-setting",
        append(CONFIG, "max_request = 10\n"),
        "test_settings_have_names_that_gunicorn_knows",
    ),
    Mutation(
        60,
        "accepts-while-it-stops",
        replace(CONFIG, '"plinth.server.worker.Worker"', '"gthread"'),
        "test_stopping_worker_drains_and_refuses_connections",
    ),
    Mutation(
        60,
        "backlog-is-reset",
        replace(
            "plinth/src/plinth/server/worker.py",
            "                self.accept_all(listener)\n",
            "",
        ),
        "test_stopping_worker_answers_its_backlog",
    ),
    Mutation(
        60,
        "waits-as-long-as-nginx",
        replace(CONFIG, "timeout = 55", "timeout = 60"),
        "test_each_time_out_is_longer_than_the_one_behind_it",
    ),
    Mutation(
        60,
        "socket-for-everybody",
        replace(CONFIG, "umask = 0o007", "umask = 0"),
        "test_only_owner_and_group_may_connect_to_the_socket",
    ),
    Mutation(
        60,
        "requests-not-counted",
        replace(CONFIG, "Statsd if statsd_host else Logger", "Logger"),
        "test_requests_are_counted_by_statsd",
    ),
    Mutation(
        60,
        "a-process-for-each-cpu-of-the-machine",
        replace(RESOURCES, "visible, *quotas()", "os.cpu_count() or 1"),
        "test_one_process_per_cpu_and_one_more",
    ),
    Mutation(
        60,
        "blind-to-the-parent-group",
        replace(RESOURCES, "(group, *group.parents)", "(group,)"),
        "test_quota_of_a_parent_group_counts",
    ),
    Mutation(
        60,
        "garbage-collection-copies-all",
        replace(MEMORY, "    gc.freeze()\n", ""),
        "test_workers_share_the_memory_of_what_is_loaded",
    ),
    Mutation(
        60,
        "each-worker-loads-the-views",
        replace(MEMORY, "    import_module(settings.ROOT_URLCONF)\n", ""),
        "test_workers_share_the_memory_of_what_is_loaded",
    ),
    Mutation(
        60,
        "threads-wait-unseen",
        replace(PROBES, '["max_size"] < gunicorn', '["max_size"] < 0 * gunicorn'),
        "test_probe_finds_more_threads_than_connections",
    ),
    Mutation(
        61,
        "few-are-enough",
        replace(PROBES, "    if allowed < needed:", "    if allowed < 0:"),
        "test_deployment_check_finds_a_low_limit",
    ),
    Mutation(
        61,
        "limit-not-raised",
        replace(RESOURCES, "soft < ceiling", "soft > ceiling"),
        "test_soft_limit_is_raised_to_the_hard_limit",
    ),
    Mutation(
        61,
        "systemd-has-another-limit",
        append("deploy/site.service", "[Service]\nLimitNOFILE=1024\n"),
        "test_configuration_files_have_the_same_limit",
    ),
]
