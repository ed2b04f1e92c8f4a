"""Monitoring: promtool plays every alert; Prometheus watches the running project."""

import json
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
import yaml

from tests import services
from tests.conftest import Bake
from tests.nginx.visits import SESSION, Browser, cookies
from tests.production import Load, repeated, servable, shell
from tests.services import PRODUCTION, Answer, venv, wait_until
from tests.support import Say, run
from tests.test_gunicorn import children

REQUESTS = "django_http_request_duration_seconds"


def gauge(good: float, bad: float) -> str:
    """Good for 5 minutes, bad for two hours, and good again."""
    return f"{good}+0x4 {bad}+0x119 {good}+0x200"


def counter(good: int, bad: int) -> str:
    """The same of a counter, by what it counts in a minute."""
    start, middle = 5 * good, 5 * good + 120 * bad
    return f"0+{good}x4 {start}+{bad}x119 {middle}+{good}x200"


def long(phases: list[tuple[int, float]]) -> str:
    """A counter by (minutes, count in a minute) of each phase."""
    parts, value = [], 0.0
    for minutes, slope in phases:
        parts.append(f"{value}+{slope}x{minutes - 1}")
        value += minutes * slope
    return " ".join(parts)


class Case(NamedTuple):
    series: dict[str, str]
    # Minutes.
    fires: int = 120
    resolved: int = 250


DISK = '{instance="a",mountpoint="/",device="sda",fstype="ext4"}'
CASES = {
    "SiteUnreachable": Case({'probe_success{job="site"}': gauge(1, 0)}),
    "WebDown": Case({'up{job="web"}': gauge(1, 0)}),
    "WorkersDown": Case(
        {
            'celery_queue_length{queue="celery"}': "0+0x400",
            'up{job="worker"}': gauge(1, 0),
        }
    ),
    "MigrationsUnapplied": Case({"django_migrations_unapplied": gauge(0, 2)}),
    # promtool's clock starts at 0.
    "CertificateExpires": Case(
        {"probe_ssl_earliest_cert_expiry": gauge(7776000, 864000)}
    ),
    "CertificateExpiresNow": Case(
        {"probe_ssl_earliest_cert_expiry": gauge(7776000, 90000)}
    ),
    "QueueStale": Case({'celery_queue_oldest_seconds{queue="celery"}': gauge(2, 400)}),
    "QueueGrows": Case({'celery_queue_length{queue="celery"}': gauge(3, 2000)}),
    "TasksFail": Case({'celery_task_failures_total{task="a"}': counter(0, 1)}),
    "TasksRetry": Case({'celery_task_retries_total{task="a"}': counter(0, 2)}),
    "PostgresDown": Case({"pg_up": gauge(1, 0)}),
    "PostgresConnections": Case(
        {
            'pg_stat_activity_count{state="active"}': gauge(10, 70),
            'pg_stat_activity_count{state="idle"}': gauge(10, 20),
            "pg_settings_max_connections": "100+0x400",
        }
    ),
    "PoolFull": Case(
        {
            'django_db_pool_connections{database="default",state="used"}': gauge(3, 29),
            'django_db_pool_connections{database="default",state="max"}': "30+0x400",
        }
    ),
    "PgbouncerWaits": Case({"pgbouncer_pools_client_waiting_connections": gauge(0, 4)}),
    "ReplicaLags": Case(
        {'django_db_replica_lag_seconds{database="replica_1"}': gauge(0, 60)}
    ),
    "RedisDown": Case({'redis_up{instance="redis://cache:6379"}': gauge(1, 0)}),
    "BrokerFull": Case(
        {
            'redis_memory_used_bytes{instance="redis://broker:6379"}': gauge(10, 90),
            'redis_memory_max_bytes{instance="redis://broker:6379"}': "100+0x400",
            # A full cache evicts.
            'redis_memory_used_bytes{instance="redis://cache:6379"}': "99+0x400",
            'redis_memory_max_bytes{instance="redis://cache:6379"}': "100+0x400",
        }
    ),
    "BackupOld": Case(
        {"backup_last_success_timestamp_seconds": "0+0x1700 102000+0x100"}, 1690, 1720
    ),
    "CpuBusy": Case(
        {'node_cpu_seconds_total{instance="a",mode="idle"}': counter(50, 3)}
    ),
    "MemoryShort": Case(
        {
            'node_memory_MemAvailable_bytes{instance="a"}': gauge(50, 5),
            'node_memory_MemTotal_bytes{instance="a"}': "100+0x400",
        }
    ),
    "DiskFull": Case(
        {
            f"node_filesystem_avail_bytes{DISK}": gauge(50, 3),
            f"node_filesystem_size_bytes{DISK}": "100+0x400",
        }
    ),
    "DiskFills": Case(
        {f"node_filesystem_avail_bytes{DISK}": "100000-100x450 100000+0x700"}, 430, 1100
    ),
    "DiskBusy": Case({f"node_disk_io_time_seconds_total{DISK}": counter(5, 59)}),
    "DiskOperations": Case(
        {
            f"node_disk_reads_completed_total{DISK}": counter(0, 100_000),
            f"node_disk_writes_completed_total{DISK}": counter(600, 100_000),
        }
    ),
    "NetworkBusy": Case(
        {
            'node_network_transmit_bytes_total{device="eth0"}': counter(
                0, 60 * 110_000_000
            ),
        }
    ),
    "TargetDown": Case({'up{job="redis",instance="a"}': gauge(1, 0)}),
    "CollectorFails": Case(
        {
            'django_collector_success{collector="queues",instance="a"}': gauge(1, 0),
            'django_collector_success{collector="queues",instance="b"}': "1+0x400",
        }
    ),
    "LogsNotShipped": Case(
        {
            "syslogng_disk_queue_disk_usage_bytes": gauge(0, 5000),
            'syslogng_output_events_total{result="delivered"}': counter(9, 0),
            'syslogng_output_events_total{result="dropped"}': "0+0x400",
        }
    ),
    "NotificationsFail": Case(
        {
            'alertmanager_notifications_failed_total{integration="webhook"}': counter(
                0, 1
            )
        }
    ),
}

# An hour of good events, an outage, and nine hours of good ones; a thousand a minute.
OUTAGE = (60, 120, 540), 170, 230
# Four times as many as the objective allows: in half a day a tenth of the budget.
LEAK = (60, 720, 1500), 770, 2200


def burning(
    name: str, fraction: float, minutes: tuple[int, int, int]
) -> dict[str, str]:
    """Series of an objective of whose events this fraction is bad, for a while."""
    bad = long([(minutes[0], 0), (minutes[1], 1000 * fraction), (minutes[2], 0)])
    good = long(
        [(minutes[0], 1000), (minutes[1], 1000 * (1 - fraction)), (minutes[2], 1000)]
    )
    everything = f"0+1000x{sum(minutes)}"
    return {
        "Availability": {
            f'{REQUESTS}_count{{view="a",status="2xx"}}': good,
            f'{REQUESTS}_count{{view="a",status="5xx"}}': bad,
        },
        "Latency": {
            f'{REQUESTS}_count{{view="a",status="2xx"}}': everything,
            f'{REQUESTS}_bucket{{view="a",status="2xx",le="0.5"}}': good,
        },
        "Freshness": {
            'celery_task_wait_seconds_count{task="a"}': everything,
            'celery_task_wait_seconds_bucket{task="a",le="60.0"}': good,
        },
    }[name]


BUDGETS = {"Availability": 0.001, "Latency": 0.01, "Freshness": 0.01}
for name, budget in BUDGETS.items():
    for alert, times, (minutes, fires, resolved) in (
        ("BurnsFast", 40, OUTAGE),
        ("BurnsSlow", 4, LEAK),
    ):
        CASES[f"{name}{alert}"] = Case(
            burning(name, budget * times, minutes), fires, resolved
        )

# Not worth a night: a ticket alone.
SILENT = {f"{name}BurnsSlow": f"{name}BurnsFast" for name in BUDGETS}


def expectation(alert: str, minute: int, *, fires: bool) -> dict[str, object]:
    query = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
    return {
        "expr": f"({query}) > bool 0",
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": "{}", "value": int(fires)}],
    }


def groups(project: Path) -> dict[str, list[dict]]:
    text = (project / "deploy/monitoring/rules/site.yml").read_text()
    return {group["name"]: group["rules"] for group in yaml.safe_load(text)["groups"]}


def alerts(project: Path) -> set[str]:
    found = [rule for rules in groups(project).values() for rule in rules]
    return {rule["alert"] for rule in found if "alert" in rule}


def group_of(project: Path, alert: str) -> str:
    for name, rules in groups(project).items():
        if alert in {rule.get("alert") for rule in rules}:
            return name
    raise KeyError(alert)


def play(
    project: Path,
    folder: Path,
    group: str,
    tests: dict[str, tuple[dict[str, str], list[dict]]],
    interval: str = "1m",
) -> None:
    """Let promtool play (series, expectations) by name, against a group's rules."""
    rules = folder / f"{group}.yml"
    found = {"name": group, "rules": groups(project)[group]}
    rules.write_text(yaml.safe_dump({"groups": [found]}))
    content = {
        "rule_files": [str(rules)],
        "evaluation_interval": interval,
        "tests": [
            {
                "name": name,
                "interval": "1m",
                "input_series": [{"series": k, "values": series[k]} for k in series],
                "promql_expr_test": expected,
            }
            for name, (series, expected) in tests.items()
        ],
    }
    file = folder / f"{group}.tests.yml"
    file.write_text(yaml.safe_dump(content))
    run("promtool", "test", "rules", file, cwd=folder)


@pytest.fixture(scope="module")
def project(bake: Bake) -> Path:
    return bake()


def test_every_alert_has_a_case(project: Path) -> None:
    assert alerts(project) == {*CASES, "Watchdog"}


@pytest.mark.services("prometheus")
@pytest.mark.parametrize("name", CASES)
def test_alert_fires_and_resolves(project: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    expected = [
        expectation(name, 0, fires=False),
        expectation(name, case.fires, fires=True),
        expectation(name, case.resolved, fires=False),
    ]
    if fast := SILENT.get(name):
        expected.append(expectation(fast, case.fires, fires=False))
    interval = "10m" if case.resolved > 1000 else "1m"
    group = group_of(project, name)
    play(project, tmp_path, group, {name: (case.series, expected)}, interval)


@pytest.mark.services("prometheus")
def test_few_errors_at_night_call_nobody(project: Path, tmp_path: Path) -> None:
    """Of ten requests in an hour three fail."""
    series = {
        f'{REQUESTS}_count{{status="5xx"}}': "0+0x20 1+0x20 2+0x20 3+0x60",
        f'{REQUESTS}_count{{status="2xx"}}': long([(120, 0.1)]),
    }
    expected = [
        expectation("AvailabilityBurnsFast", minute, fires=False) for minute in (45, 65)
    ]

    play(project, tmp_path, "slo-availability", {"few": (series, expected)})


@pytest.mark.services("prometheus")
def test_site_without_celery_replicas_and_exporters_has_no_alert(
    project: Path, tmp_path: Path
) -> None:
    series = {
        'up{job="web"}': "1+0x120",
        f'{REQUESTS}_count{{view="a",status="2xx"}}': "0+100x120",
        f'{REQUESTS}_bucket{{view="a",status="2xx",le="0.5"}}': "0+100x120",
        "backup_last_success_timestamp_seconds": "0+0x120",
    }
    for group, rules in groups(project).items():
        names = [rule["alert"] for rule in rules if "alert" in rule]
        expected = [expectation(name, 110, fires=name == "Watchdog") for name in names]
        play(project, tmp_path, group, {group: (series, expected)}, "10m")


@pytest.mark.services("prometheus")
def test_backup_that_has_never_reported_is_a_ticket(
    project: Path, tmp_path: Path
) -> None:
    series = {"backup_last_success_timestamp_seconds": "_x120 7200+0x60"}
    expected = [
        expectation("BackupOld", 30, fires=False),
        expectation("BackupOld", 100, fires=True),
        expectation("BackupOld", 150, fires=False),
    ]

    play(project, tmp_path, "data", {"never": (series, expected)})


@pytest.mark.services("prometheus")
def test_promtool_accepts_rules_and_configuration(
    bake: Bake, project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    for name in ("prometheus.yml", "rules"):
        (folder / name).symlink_to(project / "deploy/monitoring" / name)
    (folder / "targets").symlink_to(project / "deploy/compose/targets")

    run("promtool", "check", "config", folder / "prometheus.yml", cwd=folder)
    bare = bake(deploy="systemd") / "deploy/systemd/monitoring/prometheus.yml"
    run("promtool", "check", "config", bare, cwd=folder)
    told = run("promtool", "check", "rules", folder / "rules/site.yml", cwd=folder)
    assert "SUCCESS" in told
    assert "WARN" not in told


@pytest.mark.services("alertmanager")
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=WebDown severity=page", "pager,chat"),
        ("alertname=CpuBusy severity=ticket", "chat"),
        ("alertname=Watchdog severity=heartbeat", "heartbeat"),
    ],
)
def test_page_calls_and_ticket_is_a_message(
    project: Path, tmp_path: Path, labels: str, receivers: str
) -> None:
    file = alertmanager_file(project, tmp_path, "http://127.0.0.1:1/")
    run("amtool", "check-config", file, cwd=tmp_path)
    command = ["amtool", "config", "routes", "test", f"--config.file={file}"]

    told = run(*command, *labels.split(), cwd=tmp_path)
    assert told.splitlines()[-1] == receivers


def alertmanager_file(project: Path, folder: Path, url: str) -> Path:
    """The project's file, with an address in place of the secrets.

    Debian 12's Alertmanager is older than `url_file` of a webhook (0.26).
    """
    text = (project / "deploy/monitoring/alertmanager.yml").read_text()
    secrets = {
        f"{option}_file: /run/secrets/alert_{name}_url": f"{option}: {url}{name}"
        for option, name in (
            ("url", "pager"),
            ("api_url", "chat"),
            ("url", "heartbeat"),
        )
    }
    for secret, address in secrets.items():
        assert secret in text
        text = text.replace(secret, address)
    file = folder / "alertmanager.yml"
    file.write_text(text)
    return file


TASKS = """
from plinth.tasks.app import app
from plinth.tasks.tasks import clear_sessions


@app.task
def fail() -> None:
    raise RuntimeError


@app.task
def retry() -> None:
    raise ConnectionError
"""
ENQUEUE = """
from apps.pages import tasks
for task in (tasks.fail, tasks.retry, tasks.clear_sessions):
    task.delay()
"""
VIEWS = """
from django.http import HttpRequest, HttpResponse
from django.views.generic import View


class FailView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        raise RuntimeError


urlpatterns += [path("trial/fail/", FailView.as_view())]
"""
PAGES = ("/", "/catalog/", "/accounts/sign-in/", "/trial/fail/")
# Debian 12 has no package of prometheus-community's exporter: test_systemd.py runs Debian 13's.
UNTESTED = "pgbouncer_"


class Monitored:
    """A site with its servers, exporters, Prometheus and Alertmanager, all on 127.0.0.1."""

    def __init__(self, project: Path, folder: Path, stack: ExitStack) -> None:
        self.project, self.folder, self.stack = project, folder, stack
        self.ports = {
            name: services.free_port()
            for name in (
                *("web", "worker", "prometheus", "alertmanager"),
                *("node", "postgres", "redis", "nginx", "blackbox"),
            )
        }
        self.calls: list[tuple[str, dict]] = []
        self.start_servers()
        self.start_exporters()
        self.start_monitoring()

    def run(self, *command: object, name: str, **env: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"{name}.log"
        words = [str(word) for word in command]
        running = services.process(*words, cwd=self.project, log=log, env=env)
        return self.stack.enter_context(running)

    def start_servers(self) -> None:
        primary = self.stack.enter_context(services.primary())
        replica = self.stack.enter_context(services.replica(primary))
        cache = services.redis(self.folder, services.free_port())
        self.redis = self.stack.enter_context(cache)
        self.postgres = primary
        self.env = PRODUCTION | {
            "DATABASE_URL": primary.url,
            "DATABASE_REPLICA_URL": replica.url,
            "REDIS_URL": self.redis,
            "CELERY_BROKER_URL": f"{self.redis}/1",
            "RELEASE": "1f2e3d",
        }
        run(*self.python("manage.py", "migrate"), cwd=self.project, env=self.env)
        front = services.front(self.project, self.folder)
        self.front = self.stack.enter_context(front)
        self.web = self.start_web()
        self.run(
            *venv("celery", "--app", "config.celery", "worker", of=self.project),
            name="worker",
            **self.env | {"METRICS_BIND": f"127.0.0.1:{self.ports['worker']}"},
        )

    def python(self, *arguments: str) -> list:
        return venv("python", *arguments, of=self.project)

    def start_web(self) -> subprocess.Popen[bytes]:
        env = self.env | {
            "METRICS_BIND": f"127.0.0.1:{self.ports['web']}",
            "WEB_CONCURRENCY": "2",
        }
        socket = self.folder / "run/blue.sock"
        web = services.gunicorn_on(socket, self.project, self.folder / "web.log", **env)
        return self.stack.enter_context(web)

    def start_exporters(self) -> None:
        blackbox = self.folder / "blackbox.yml"
        http = {
            "headers": {"Host": "example.com"},
            # The certificate is the test's own.
            "tls_config": {"insecure_skip_verify": True, "server_name": "example.com"},
        }
        module = {"prober": "http", "timeout": "5s", "http": http}
        blackbox.write_text(yaml.safe_dump({"modules": {"http_2xx": module}}))
        options = {
            "blackbox": [f"--config.file={blackbox}"],
            "nginx": [
                f"-nginx.scrape-uri=http://127.0.0.1:{self.front.http}/health/nginx"
            ],
            "node": [],
            "postgres": [],
            "redis": ["-redis.addr="],
        }
        source = f"{self.postgres.url}?sslmode=disable".replace(
            "postgres://", "postgresql://"
        )
        for name, arguments in options.items():
            self.run(
                f"prometheus-{name}-exporter",
                f"-{'-' * (name not in ('nginx', 'redis'))}web.listen-address="
                f"127.0.0.1:{self.ports[name]}",
                *arguments,
                name=name,
                DATA_SOURCE_NAME=source,
            )

    def start_monitoring(self) -> None:
        """With the project's own files; all waits are of a second."""
        deploy = self.project / "deploy/monitoring"
        home = self.folder / "monitoring"
        (home / "targets").mkdir(parents=True)
        (home / "rules").mkdir()
        text = (deploy / "rules/site.yml").read_text()
        text = re.sub(r"(?m)^( +(?:interval|for)): '?\w+'?$", r"\1: 1s", text)
        (home / "rules/site.yml").write_text(text)
        for name, target in {
            "redis": self.redis,
            "site": f"https://127.0.0.1:{self.front.https}/",
        }.items():
            targets = [{"targets": [target]}]
            (home / f"targets/{name}.yml").write_text(yaml.safe_dump(targets))
        text = (deploy / "prometheus.yml").read_text().replace("15s", "1s")
        for name in ("node", "postgres", "redis", "nginx", "blackbox"):
            text = re.sub(
                rf"{name}-exporter:\d+", f"127.0.0.1:{self.ports[name]}", text
            )
        for name in ("alertmanager", "localhost"):
            port = self.ports[name.replace("localhost", "prometheus")]
            text = re.sub(rf"{name}:\d+", f"127.0.0.1:{port}", text)
        found = yaml.safe_load(text)
        for job in found["scrape_configs"]:
            if job.pop("dns_sd_configs", None):
                address = f"127.0.0.1:{self.ports[job['job_name']]}"
                job["static_configs"] = [{"targets": [address]}]
        (home / "prometheus.yml").write_text(yaml.safe_dump(found))
        self.run(
            "prometheus",
            f"--config.file={home}/prometheus.yml",
            f"--storage.tsdb.path={home}/data",
            # What Alertmanager missed while it started.
            "--rules.alert.resend-delay=1s",
            f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}",
            name="prometheus",
        )

        def call(path: str, body: bytes) -> bytes:
            self.calls.append((path, json.loads(body)))
            return b"ok"

        port = self.stack.enter_context(services.collector(call))
        file = alertmanager_file(self.project, home, f"http://127.0.0.1:{port}/")
        text = re.sub(r"(group_wait|group_interval): \w+", r"\1: 1s", file.read_text())
        file.write_text(text)
        self.run(
            "prometheus-alertmanager",
            f"--config.file={file}",
            f"--storage.path={home}/alerts",
            f"--web.listen-address=127.0.0.1:{self.ports['alertmanager']}",
            "--cluster.listen-address=",
            name="alertmanager",
        )

    def query(self, query: str) -> list[float]:
        """The values of an instant query; those that are no number are left out."""
        words = urlencode({"query": query.replace("$__rate_interval", "30s")})
        url = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/query?{words}"
        found = services.get(url)
        if found.status == 503:
            raise ConnectionError("Prometheus starts")
        answer = json.loads(found.text)
        assert answer["status"] == "success", answer
        values = [float(found["value"][1]) for found in answer["data"]["result"]]
        return [value for value in values if not math.isnan(value)]

    def visited(self, *pages: str) -> AbstractContextManager[Load]:
        """Request pages as a signed-in client, whose pages nginx does not cache."""

        def ask(page: str) -> Answer:
            time.sleep(0.1)
            return Browser(self.front).ask(page, Cookie=cookies(**{SESSION: "x"}))

        return repeated(*(partial(ask, page) for page in pages), clients=len(pages))

    def called(self, receiver: str, alert: str, status: str) -> dict:
        """The first call of an alert; empty if none has come."""
        for path, body in self.calls:
            for found in body.get("alerts", []):
                labels = found["labels"]
                if (path, labels["alertname"], found["status"]) == (
                    f"/{receiver}",
                    alert,
                    status,
                ):
                    return found
        return {}


@pytest.fixture(scope="module")
def monitored(
    install: Bake, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Monitored]:
    folder = tmp_path_factory.mktemp("monitored")
    copy = servable(install(), folder, apps__pages__tasks=TASKS, config__urls=VIEWS)
    home = folder / "servers"
    home.mkdir()
    with ExitStack() as stack:
        yield Monitored(copy, home, stack)


EVERYTHING = pytest.mark.services(
    *("prometheus", "alertmanager", "postgresql", "redis", "nginx"),
    *("blackbox-exporter", "nginx-exporter", "node-exporter"),
    *("postgres-exporter", "redis-exporter"),
)


@EVERYTHING
@pytest.mark.long
def test_every_query_of_the_dashboard_returns_data(
    monitored: Monitored, record_property: Say
) -> None:
    shell(monitored.project, ENQUEUE, **monitored.env)
    text = (monitored.project / "deploy/monitoring/grafana/site.json").read_text()
    queries = [
        target["expr"]
        for panel in json.loads(text)["panels"]
        for target in panel.get("targets", [])
        if UNTESTED not in target["expr"]
    ]
    assert len(queries) > 30
    empty = set(queries)

    def answered() -> bool:
        shell(monitored.project, ENQUEUE, **monitored.env)
        empty.difference_update({*filter(monitored.query, empty)})
        return not empty

    with monitored.visited(*PAGES):
        try:
            wait_until(answered)
        finally:
            assert not empty, "\n".join(empty)
    record_property("summary", f"{len(queries)} queries return data")


@EVERYTHING
@pytest.mark.long
def test_counters_of_a_killed_worker_never_go_down(monitored: Monitored) -> None:
    counts = "sum(django_http_request_duration_seconds_count)"
    wait_until(lambda: monitored.query(counts))
    [before] = monitored.query(counts)
    with monitored.visited(*PAGES[:3]) as seen:
        for _ in range(3):
            time.sleep(2)
            os.kill(children(monitored.web.pid)[0], signal.SIGKILL)
        time.sleep(2)
    answered = sum(answer.status == 200 for answer in seen)
    assert answered > 10

    wait_until(lambda: monitored.query(counts) > [before])
    time.sleep(2)
    resets = monitored.query(
        "sum(resets(django_http_request_duration_seconds_count[2m]))"
    )
    assert resets == [0]


@EVERYTHING
@pytest.mark.long
def test_page_arrives_at_the_pager_and_is_resolved(monitored: Monitored) -> None:
    def called(status: str) -> dict:
        return monitored.called("pager", "WebDown", status)

    wait_until(lambda: monitored.query('up{job="web"} == 1'))
    # On a slow machine it fires before the web is up.
    wait_until(lambda: not monitored.query('ALERTS{alertname="WebDown"}'))
    wait_until(lambda: not called("firing") or called("resolved"))
    monitored.calls.clear()

    monitored.web.terminate()
    monitored.web.wait(40)
    wait_until(lambda: called("firing"), 150)
    assert called("firing")["annotations"] == {
        "summary": "No web process answers",
        "runbook_url": "docs/runbooks.md#webdown",
    }
    # The chat has it too, and the heartbeat goes on.
    wait_until(lambda: any(path == "/chat" for path, _ in monitored.calls))
    wait_until(lambda: monitored.called("heartbeat", "Watchdog", "firing"))

    monitored.web = monitored.start_web()
    wait_until(lambda: called("resolved"), 180)
