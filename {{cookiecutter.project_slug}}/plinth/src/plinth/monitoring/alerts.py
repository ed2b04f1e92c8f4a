"""Service-level objectives and alerts, one table: the rules are generated from it.

The setting `SLO` overrides a number by its name, and None leaves it out:
`SLO = {"Availability": 99.95, "BackupOld": None}`. Then run `manage.py monitoring`.
Each name is a heading of docs/runbooks.md, which `RUNBOOKS_URL` locates.
"""

from dataclasses import dataclass

# For a person at once: pager or SMS. In working hours: chat.
PAGE, TICKET = "page", "ticket"


@dataclass(frozen=True)
class Objective:
    """The percentage of events in 30 days that must be good."""

    name: str
    number: float
    # Counters, as selectors of PromQL.
    all: str
    # Bad events: those of a selector, or all that are not among the good ones.
    bad: str = ""
    good: str = ""
    summary: str = ""

    def rate(self, window: str) -> str:
        """PromQL of the fraction of bad events."""
        total = f"sum(rate({self.all}[{window}]))"
        if self.bad:
            return f"(sum(rate({self.bad}[{window}])) or vector(0)) / {total}"
        return f"1 - sum(rate({self.good}[{window}])) / {total}"


REQUESTS = "django_http_request_duration_seconds"

OBJECTIVES = [
    Objective(
        "Availability",
        99.9,
        all=f"{REQUESTS}_count",
        bad=f'{REQUESTS}_count{{status="5xx"}}',
        summary="Requests fail with a 5xx",
    ),
    Objective(
        "Latency",
        99,
        all=f'{REQUESTS}_count{{view!="none"}}',
        good=f'{REQUESTS}_bucket{{view!="none",le="0.5"}}',
        summary="Pages take longer than 0.5 s",
    ),
    Objective(
        "Freshness",
        99,
        all="celery_task_wait_seconds_count",
        good='celery_task_wait_seconds_bucket{le="60.0"}',
        summary="Tasks wait longer than 60 s for a worker",
    ),
]


@dataclass(frozen=True)
class Burn:
    """Two windows in which the error budget of 30 days burns this much too fast.

    The long window says that it matters, the short one that it still goes on. The numbers
    are those of Google's SRE workbook, "Alerting on SLOs".
    """

    severity: str
    factor: float
    long: str
    short: str


# 2 % of the budget in an hour, 5 % in six; 10 % in a day or in three.
BURNS = [
    Burn(PAGE, 14.4, "1h", "5m"),
    Burn(PAGE, 6, "6h", "30m"),
    Burn(TICKET, 3, "1d", "2h"),
    Burn(TICKET, 1, "3d", "6h"),
]
# Fewer bad events in the long window page nobody: one error at night is no outage.
FEWEST = 5


@dataclass(frozen=True)
class Alert:
    name: str
    severity: str
    # `{limit}` stands for the number.
    expr: str
    duration: str
    summary: str
    number: float = 0


DISKS = 'fstype!~"tmpfs|ramfs|overlay|squashfs|autofs"'
DEVICES = 'device!~"lo|veth.*|docker.*|br-.*"'

# Without Celery, replicas or an exporter, a rule about them has no series, and is silent.
ALERTS = {
    "site": [
        Alert(
            "SiteUnreachable",
            PAGE,
            'probe_success{{job="site"}} == 0',
            "2m",
            "{{ $labels.instance }} does not answer from outside",
        ),
        Alert(
            "WebDown",
            PAGE,
            'absent(up{{job="web"}} == 1)',
            "2m",
            "No web process answers",
        ),
        Alert(
            "MigrationsUnapplied",
            TICKET,
            "max(django_migrations_unapplied) > {limit}",
            "15m",
            "{{ $value }} migrations are not applied",
        ),
        Alert(
            "CertificateExpires",
            TICKET,
            "(probe_ssl_earliest_cert_expiry - time()) / 86400 < {limit}",
            "1h",
            "The certificate of {{ $labels.instance }} expires in "
            "{{ $value | humanize }} days",
            14,
        ),
        Alert(
            "CertificateExpiresNow",
            PAGE,
            "(probe_ssl_earliest_cert_expiry - time()) / 86400 < {limit}",
            "1h",
            "The certificate of {{ $labels.instance }} expires in "
            "{{ $value | humanize }} days",
            2,
        ),
    ],
    "workers": [
        Alert(
            "WorkersDown",
            PAGE,
            'count(celery_queue_length) > 0 unless on() up{{job="worker"}} == 1',
            "5m",
            "No Celery worker answers",
        ),
        Alert(
            "QueueStale",
            PAGE,
            "max by (queue) (celery_queue_oldest_seconds) > {limit}",
            "5m",
            "The oldest task in {{ $labels.queue }} waits for "
            "{{ $value | humanizeDuration }}",
            300,
        ),
        Alert(
            "QueueGrows",
            TICKET,
            "max by (queue) (celery_queue_length) > {limit}",
            "15m",
            "{{ $value }} tasks wait in {{ $labels.queue }}",
            1000,
        ),
        Alert(
            "TasksFail",
            TICKET,
            "sum by (task) (increase(celery_task_failures_total[1h])) > {limit}",
            "5m",
            "{{ $labels.task }} failed {{ $value | humanize }} times in an hour",
            5,
        ),
        Alert(
            "TasksRetry",
            TICKET,
            "sum by (task) (increase(celery_task_retries_total[1h])) > {limit}",
            "15m",
            "{{ $labels.task }} was retried {{ $value | humanize }} times in an hour",
            50,
        ),
    ],
    "data": [
        Alert(
            "PostgresDown",
            PAGE,
            "pg_up == 0",
            "2m",
            "PostgreSQL does not answer",
        ),
        Alert(
            "PostgresConnections",
            TICKET,
            "100 * sum(pg_stat_activity_count) / max(pg_settings_max_connections)"
            " > {limit}",
            "10m",
            "{{ $value | humanize }} % of PostgreSQL's connections are in use",
            80,
        ),
        Alert(
            "PoolFull",
            TICKET,
            '100 * sum by (database) (django_db_pool_connections{{state="used"}})'
            ' / sum by (database) (django_db_pool_connections{{state="max"}})'
            " > {limit}",
            "10m",
            "{{ $value | humanize }} % of the pool of {{ $labels.database }} is in use",
            90,
        ),
        Alert(
            "PgbouncerWaits",
            TICKET,
            "sum(pgbouncer_pools_client_waiting_connections) > {limit}",
            "5m",
            "{{ $value }} clients wait for a connection of PgBouncer",
        ),
        Alert(
            "ReplicaLags",
            TICKET,
            "max by (database) (django_db_replica_lag_seconds) > {limit}",
            "5m",
            "{{ $labels.database }} lags {{ $value | humanizeDuration }}",
            30,
        ),
        Alert(
            "RedisDown",
            PAGE,
            "redis_up == 0",
            "2m",
            "Redis at {{ $labels.instance }} does not answer",
        ),
        Alert(
            "BrokerFull",
            PAGE,
            '100 * redis_memory_used_bytes{{instance=~".*broker.*"}}'
            " / (redis_memory_max_bytes > 0) > {limit}",
            "10m",
            "The broker uses {{ $value | humanize }} % of its memory",
            85,
        ),
        Alert(
            "BackupOld",
            TICKET,
            "(time() - max(backup_last_success_timestamp_seconds)) / 3600 > {limit}"
            " or absent(backup_last_success_timestamp_seconds)",
            "1h",
            "The last backup is too old, or none has reported",
            26,
        ),
    ],
    "hosts": [
        Alert(
            "CpuBusy",
            TICKET,
            "100 - 100 * avg by (instance) "
            '(rate(node_cpu_seconds_total{{mode="idle"}}[5m])) > {limit}',
            "15m",
            "The CPUs of {{ $labels.instance }} are {{ $value | humanize }} % busy",
            90,
        ),
        Alert(
            "MemoryShort",
            PAGE,
            "100 * node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
            " < {limit}",
            "10m",
            "{{ $value | humanize }} % of the memory of {{ $labels.instance }} is left",
            8,
        ),
        Alert(
            "DiskFull",
            PAGE,
            f"100 * node_filesystem_avail_bytes{{{{{DISKS}}}}}"
            f" / node_filesystem_size_bytes{{{{{DISKS}}}}} < {{limit}}",
            "10m",
            "{{ $value | humanize }} % of {{ $labels.mountpoint }} is left",
            5,
        ),
        Alert(
            "DiskFills",
            TICKET,
            f"predict_linear(node_filesystem_avail_bytes{{{{{DISKS}}}}}[6h],"
            " {limit} * 3600) < 0",
            "1h",
            "{{ $labels.mountpoint }} will be full within a day",
            24,
        ),
        Alert(
            "DiskBusy",
            TICKET,
            "100 * rate(node_disk_io_time_seconds_total[5m]) > {limit}",
            "15m",
            "{{ $labels.device }} is busy {{ $value | humanize }} % of the time",
            90,
        ),
        Alert(
            "DiskOperations",
            TICKET,
            "rate(node_disk_reads_completed_total[5m])"
            " + rate(node_disk_writes_completed_total[5m]) > {limit}",
            "15m",
            "{{ $labels.device }} does {{ $value | humanize }} operations per second",
            2500,
        ),
        Alert(
            "NetworkBusy",
            TICKET,
            f"8e-6 * rate(node_network_transmit_bytes_total{{{{{DEVICES}}}}}[5m])"
            " > {limit}",
            "15m",
            "{{ $labels.device }} sends {{ $value | humanize }} Mbit/s",
            800,
        ),
    ],
    "monitoring": [
        Alert(
            "TargetDown",
            TICKET,
            'up{{job!~"web|worker"}} == 0',
            "10m",
            "{{ $labels.job }} at {{ $labels.instance }} shows no metrics",
        ),
        Alert(
            "CollectorFails",
            TICKET,
            "min by (collector) (django_collector_success) == 0",
            "10m",
            "The metrics of {{ $labels.collector }} cannot be read",
        ),
        Alert(
            "NotificationsFail",
            TICKET,
            "sum by (integration)"
            " (increase(alertmanager_notifications_failed_total[15m])) > {limit}",
            "5m",
            "Alertmanager cannot send by {{ $labels.integration }}",
        ),
        # Of syslog-ng (deploy/logs): dropped, not delivered, or not even counted.
        Alert(
            "LogsNotShipped",
            TICKET,
            'sum(increase(syslogng_output_events_total{{result="dropped"}}[15m])) > {limit}'
            " or (sum(syslogng_disk_queue_disk_usage_bytes) > 0 and"
            ' sum(increase(syslogng_output_events_total{{result="delivered"}}[15m])) == 0)'
            ' or max(time() - node_textfile_mtime_seconds{{file=~".*/logs.prom"}}) > 900',
            "5m",
            "Log lines do not arrive",
        ),
        # It always fires: a service outside calls when it does not hear of it any more.
        Alert("Watchdog", "heartbeat", "vector(1)", "0m", "Monitoring works"),
    ],
}
