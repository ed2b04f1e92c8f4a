"""The web server: how many processes, where it listens, how it stops, what it tells."""

from tests.mutations import Mutation, append, replace

CONFIG = "plinth/src/plinth/server/gunicorn.py"
LIMITS = "plinth/src/plinth/server/resources.py"
WORKERS = "plinth/src/plinth/server/worker.py"
PROBES = "plinth/src/plinth/practices/probes.py"

MUTATIONS = [
    Mutation(
        60,
        "a-name-unknown",
        append(CONFIG, "max_request = 10\n"),
        "test_each_name_is_one_that_gunicorn_knows",
    ),
    Mutation(
        60,
        "a-worker-without-threads",
        replace(CONFIG, '"plinth.server.worker.Worker"', '"sync"'),
        "test_who_stops_ends_what_it_has_begun_and_refuses_the_next",
    ),
    Mutation(
        60,
        "a-port-open-to-the-end",
        replace(CONFIG, '"plinth.server.worker.Worker"', '"gthread"'),
        "test_who_stops_ends_what_it_has_begun_and_refuses_the_next",
    ),
    Mutation(
        60,
        "who-waits-is-cut-off",
        replace(WORKERS, "                self.accept_all(listener)\n", ""),
        "test_who_stops_answers_all_who_have_connected",
    ),
    Mutation(
        60,
        "waits-as-long-as-nginx",
        replace(CONFIG, "= 55", "= 60"),
        "test_each_waits_longer_than_the_one_behind_it",
    ),
    Mutation(
        60,
        "cuts-off-a-statement",
        replace(CONFIG, "_timeout = 30", "_timeout = 10"),
        "test_each_waits_longer_than_the_one_behind_it",
    ),
    Mutation(
        60,
        "kept-for-less-than-nginx",
        replace(CONFIG, "keepalive = 75", "keepalive = 5"),
        "test_each_waits_longer_than_the_one_behind_it",
    ),
    Mutation(
        60,
        "for-everybody",
        replace(CONFIG, "umask = 0o007", "umask = 0"),
        "test_the_group_may_connect_and_nobody_else",
    ),
    Mutation(
        60,
        "for-nobody-else",
        replace(CONFIG, "umask = 0o007", "umask = 0o077"),
        "test_the_group_may_connect_and_nobody_else",
    ),
    Mutation(
        60,
        "nobody-counts",
        replace(CONFIG, 'env.address("STATSD_HOST") or None', "None"),
        "test_requests_are_counted_where_statsd_host_says",
    ),
    Mutation(
        60,
        "counted-as-anybodys",
        replace(CONFIG, "Statsd if statsd_host else Logger", "Logger"),
        "test_requests_are_counted_where_statsd_host_says",
    ),
    Mutation(
        60,
        "without-a-name",
        replace(CONFIG, "proc_name = ", "name = "),
        "test_each_name_is_one_that_gunicorn_knows",
    ),
    Mutation(
        60,
        "a-heartbeat-on-a-disk",
        replace(CONFIG, '"/dev/shm" if', "None if"),
        "test_the_heartbeat_is_in_memory",
    ),
    Mutation(
        60,
        "headers-of-any-size",
        replace(CONFIG, "field_size = 8190", "field_size = 65_536"),
        "test_what_never_gets_to_django_is_answered_and_logged",
    ),
    Mutation(
        60,
        "counts-of-the-dead",
        replace(CONFIG, "file.unlink()", "pass"),
        "test_counts_of_the_last_run_are_gone",
    ),
    Mutation(
        60,
        "a-process-for-each-cpu-of-the-machine",
        replace(LIMITS, "found, *quotas()", "os.cpu_count() or 1"),
        "test_there_is_one_process_more_than_cpus",
    ),
    Mutation(
        60,
        "blind-to-the-container",
        replace(LIMITS, "[found, *quotas()]", "[found, 1024]"),
        "test_the_smallest_limit_counts_and_part_of_a_cpu_is_one",
    ),
    Mutation(
        60,
        "blind-to-version-2",
        replace(LIMITS, '"cpu.max"', '"cpu.most"'),
        "test_a_container_is_limited_by_control_groups_of_version_2",
    ),
    Mutation(
        60,
        "blind-to-the-group-above",
        replace(LIMITS, "(group, *group.parents)", "(group,)"),
        "test_the_group_above_limits_too",
    ),
    Mutation(
        60,
        "threads-wait-unseen",
        replace(PROBES, '["max_size"] < gunicorn', '["max_size"] < 0 * gunicorn'),
        "test_threads_that_would_wait_for_a_connection_are_found",
    ),
    Mutation(
        61,
        "few-are-enough",
        replace(PROBES, "    if allowed < needed:", "    if allowed < 0:"),
        "test_too_few_are_found_before_a_deployment",
    ),
    Mutation(
        61,
        "threads-need-none",
        replace(PROBES, "gunicorn.threads * (parts + 2)", "parts"),
        "test_a_process_needs_a_file_for_each_visitor_and_some_for_each_thread",
    ),
    Mutation(
        61,
        "not-taken",
        replace(LIMITS, "soft < ceiling", "soft > ceiling"),
        "test_a_server_takes_what_it_may",
    ),
    Mutation(
        61,
        "another-number",
        replace(LIMITS, "65_536", "1_024"),
        "test_a_process_needs_a_file_for_each_visitor_and_some_for_each_thread",
    ),
    Mutation(
        61,
        "systemd-says-otherwise",
        append("deploy/site.service", "[Service]\nLimitNOFILE=1024\n"),
        "test_everybody_names_the_same_number",
    ),
    Mutation(
        61,
        "compose-says-otherwise",
        append(
            "compose.override.yml",
            "services:\n  web:\n    ulimits:\n      nofile:\n        soft: 1024\n",
        ),
        "test_everybody_names_the_same_number",
    ),
]
