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
        "for-everybody",
        replace(CONFIG, "umask = 0o007", "umask = 0"),
        "test_the_group_may_connect_and_nobody_else",
    ),
    Mutation(
        60,
        "counted-as-anybodys",
        replace(CONFIG, "Statsd if statsd_host else Logger", "Logger"),
        "test_requests_are_counted_where_statsd_host_says",
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
        "not-taken",
        replace(LIMITS, "soft < ceiling", "soft > ceiling"),
        "test_a_server_takes_what_it_may",
    ),
    Mutation(
        61,
        "systemd-says-otherwise",
        append("deploy/site.service", "[Service]\nLimitNOFILE=1024\n"),
        "test_everybody_names_the_same_number",
    ),
]
