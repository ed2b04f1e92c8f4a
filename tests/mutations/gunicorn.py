"""The web server: how many processes, where it listens, how it stops, what it tells."""

from tests.mutations import Mutation, append, replace

CONFIG = "config/gunicorn.py"
LIMITS = "config/limits.py"
WORKERS = "config/workers.py"
PROBES = "apps/practices/probes.py"

MUTATIONS = [
    Mutation(60, "a-name-unknown", append(CONFIG, "max_request = 10\n")),
    Mutation(
        60,
        "a-worker-without-threads",
        replace(CONFIG, '"config.workers.Worker"', '"sync"'),
    ),
    Mutation(
        60,
        "a-port-open-to-the-end",
        replace(CONFIG, '"config.workers.Worker"', '"gthread"'),
    ),
    Mutation(
        60,
        "who-waits-is-cut-off",
        replace(WORKERS, "                self.accept_all(listener)\n", ""),
    ),
    Mutation(60, "waits-as-long-as-nginx", replace(CONFIG, "= 55", "= 60")),
    Mutation(
        60, "cuts-off-a-statement", replace(CONFIG, "_timeout = 30", "_timeout = 10")
    ),
    Mutation(
        60,
        "kept-for-less-than-nginx",
        replace(CONFIG, "keepalive = 75", "keepalive = 5"),
    ),
    Mutation(60, "for-everybody", replace(CONFIG, "umask = 0o007", "umask = 0")),
    Mutation(60, "for-nobody-else", replace(CONFIG, "umask = 0o007", "umask = 0o077")),
    Mutation(60, "nobody-counts", replace(CONFIG, "statsd_host = ", "statsd_hosts = ")),
    Mutation(
        60,
        "counted-as-anybodys",
        replace(CONFIG, "Statsd if statsd_host else Logger", "Logger"),
    ),
    Mutation(60, "without-a-name", replace(CONFIG, "proc_name = ", "name = ")),
    Mutation(60, "a-heartbeat-on-a-disk", replace(CONFIG, '"/dev/shm" if', "None if")),
    Mutation(
        60,
        "headers-of-any-size",
        replace(CONFIG, "field_size = 8190", "field_size = 65_536"),
    ),
    Mutation(60, "counts-of-the-dead", replace(CONFIG, "file.unlink()", "pass")),
    Mutation(
        60,
        "a-process-for-each-cpu-of-the-machine",
        replace(LIMITS, "found, *quotas()", "os.cpu_count() or 1"),
    ),
    Mutation(
        60,
        "blind-to-the-container",
        replace(LIMITS, "[found, *quotas()]", "[found, 1024]"),
    ),
    Mutation(60, "blind-to-version-2", replace(LIMITS, '"cpu.max"', '"cpu.most"')),
    Mutation(
        60,
        "blind-to-the-group-above",
        replace(LIMITS, "(group, *group.parents)", "(group,)"),
    ),
    Mutation(
        60,
        "threads-wait-unseen",
        replace(PROBES, '["max_size"] < gunicorn', '["max_size"] < 0 * gunicorn'),
    ),
    Mutation(
        61,
        "few-are-enough",
        replace(PROBES, "    if allowed < needed:", "    if allowed < 0:"),
    ),
    Mutation(
        61,
        "threads-need-none",
        replace(PROBES, "gunicorn.threads * (parts + 2)", "parts"),
    ),
    Mutation(61, "not-taken", replace(LIMITS, "soft < ceiling", "soft > ceiling")),
    Mutation(61, "another-number", replace(LIMITS, "65_536", "1_024")),
    Mutation(
        61,
        "systemd-says-otherwise",
        append("deploy/site.service", "[Service]\nLimitNOFILE=1024\n"),
    ),
    Mutation(
        61,
        "compose-says-otherwise",
        append(
            "compose.override.yml",
            "services:\n  web:\n    ulimits:\n      nofile:\n        soft: 1024\n",
        ),
    ),
]
