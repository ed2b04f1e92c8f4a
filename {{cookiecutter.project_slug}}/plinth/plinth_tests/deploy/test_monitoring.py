"""deploy/monitoring: rules and dashboard are those of the table; each alert has a runbook."""

import json
import re
from functools import cache
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from prometheus_client import Histogram
from prometheus_client.metrics import MetricWrapperBase
from pytest_django import Settings

from plinth.management.commands import monitoring
from plinth.metrics import instruments
from plinth.monitoring import dashboards, rules
from plinth.monitoring.alerts import ALERTS, BURNS, OBJECTIVES, PAGE, REQUESTS, TICKET
from plinth.practices import probes
from plinth.practices.states import Finding, State
from plinth_tests.processes import python

FOLDER = settings.BASE_DIR / "deploy/monitoring"
COMPOSE = settings.BASE_DIR / "deploy/compose/monitoring.yml"
SYSTEMD = settings.BASE_DIR / "deploy/systemd"
RUNBOOKS = settings.BASE_DIR / "docs/runbooks.md"
HERE = pytest.mark.skipif(not FOLDER.exists(), reason="no deploy/monitoring here")
WRITTEN = pytest.mark.skipif(
    not any((settings.BASE_DIR / folder).exists() for folder in monitoring.FILES),
    reason=f"none of {', '.join(monitoring.FILES)} here",
)
DOCUMENTED = pytest.mark.skipif(
    not RUNBOOKS.exists(), reason="no docs/runbooks.md here"
)
pytestmark = pytest.mark.practice(63)

# Metrics of others that rules and panels read, as their exporters name them.
OF_OTHERS = {
    "ALERTS",
    "alertmanager_notifications_failed_total",
    # The job that backs up writes it.
    "backup_last_success_timestamp_seconds",
    "nginx_connections_active",
    "nginx_connections_waiting",
    "node_cpu_seconds_total",
    "node_disk_io_time_seconds_total",
    "node_disk_reads_completed_total",
    "node_disk_writes_completed_total",
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_memory_MemAvailable_bytes",
    "node_memory_MemTotal_bytes",
    "node_network_receive_bytes_total",
    "node_network_transmit_bytes_total",
    "node_textfile_mtime_seconds",
    "pg_settings_max_connections",
    "pg_stat_activity_count",
    "pg_up",
    "pgbouncer_pools_client_active_connections",
    "pgbouncer_pools_client_waiting_connections",
    "probe_ssl_earliest_cert_expiry",
    "probe_success",
    "redis_memory_max_bytes",
    "redis_memory_used_bytes",
    "redis_up",
    "syslogng_disk_queue_disk_usage_bytes",
    "syslogng_output_events_total",
    "up",
}
# Those that are read at a scrape: test_metrics.py and the template's tests show them.
OF_COLLECTORS = {
    "celery_queue_length",
    "celery_queue_oldest_seconds",
    "django_build_info",
    "django_collector_success",
    "django_db_replica_lag_seconds",
    "django_migrations_unapplied",
}


@pytest.fixture(autouse=True)
def of_the_table(settings: Settings) -> None:
    """The table's own numbers, whatever the project's settings say."""
    settings.SLO = {}
    settings.RUNBOOKS_URL = "docs/runbooks.md"


def alerts() -> list[dict[str, Any]]:
    return [
        rule for group in rules.groups().values() for rule in group if "alert" in rule
    ]


def queries() -> list[str]:
    of_rules = [rule["expr"] for group in rules.groups().values() for rule in group]
    panels = [panel for row in dashboards.ROWS.values() for panel in row]
    return of_rules + [query for panel in panels for query in panel.queries.values()]


@cache
def sections() -> dict[str, str]:
    """The runbooks by their heading."""
    parts = re.split(r"(?m)^## ", RUNBOOKS.read_text())[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}


def own_metrics() -> set[str]:
    found = set(OF_COLLECTORS)
    for metric in vars(instruments).values():
        if isinstance(metric, MetricWrapperBase):
            [family] = metric.describe()
            ends = {
                "histogram": ("_bucket", "_count", "_sum"),
                "counter": ("_total",),
            }.get(family.type, ("",))
            found |= {family.name + end for end in ends}
    return found


@WRITTEN
def test_files_are_those_of_the_table() -> None:
    """If not: `manage.py monitoring`; your own rules go into other files."""
    done = python("manage.py", "monitoring", "--check", environment="test")

    assert done.returncode == 0, done.stderr


@WRITTEN
def test_changed_number_is_a_changed_file(settings: Settings) -> None:
    settings.SLO = {"DiskFull": 7}

    with pytest.raises(CommandError, match=r"run .manage.py monitoring"):
        call_command("monitoring", check=True)


def test_text_is_the_rules_in_yaml() -> None:
    found = yaml.safe_load(rules.text())["groups"]

    assert {group["name"]: group["rules"] for group in found} == rules.groups()
    assert yaml.safe_load(rules.prometheus_rule())["spec"]["groups"] == found


def test_setting_overrides_a_number_and_none_leaves_the_alert_out(
    settings: Settings,
) -> None:
    settings.SLO = {"Availability": 99.5, "DiskFull": 7, "BackupOld": None}
    named = {rule["alert"]: rule for rule in alerts()}

    assert "> 14.4 * 0.005" in named["AvailabilityBurnsFast"]["expr"]
    assert named["DiskFull"]["expr"].endswith("< 7")
    assert "BackupOld" not in named


def test_each_objective_pages_fast_and_files_a_ticket_slowly() -> None:
    named = {rule["alert"]: rule for rule in alerts()}
    for objective in OBJECTIVES:
        fast, slow = (named[f"{objective.name}Burns{how}"] for how in ("Fast", "Slow"))
        assert [fast["labels"], slow["labels"]] == [
            {"severity": PAGE},
            {"severity": TICKET},
        ]
        budget = round(1 - objective.number / 100, 6)
        for burn in BURNS:
            expr = (fast if burn.severity == PAGE else slow)["expr"]
            name = rules.record(objective)
            # Both windows: it matters, and it goes on.
            for window in (burn.long, burn.short):
                assert f"{name}_{window} > {burn.factor} * {budget}" in expr
                assert {
                    "record": f"{name}_{window}",
                    "expr": objective.rate(window),
                } in (rules.groups()[f"slo-{objective.name.lower()}"])


def test_burn_rates_are_those_of_the_error_budget() -> None:
    hours = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}
    spent = [burn.factor * hours[burn.long] / (30 * 24) for burn in BURNS]

    assert spent == pytest.approx([0.02, 0.05, 0.1, 0.1])


def test_objective_of_latency_is_a_bucket_of_the_histogram() -> None:
    for objective in OBJECTIVES:
        for name, bound in re.findall(r'(\w+)_bucket\{.*le="([\d.]+)"', objective.good):
            histograms = [
                m for m in vars(instruments).values() if isinstance(m, Histogram)
            ]
            [found] = [m for m in histograms if next(iter(m.describe())).name == name]
            assert float(bound) in found._upper_bounds  # noqa: SLF001


def test_saturation_certificate_replicas_and_backups_are_watched() -> None:
    watched = " ".join(rule["expr"] for rule in alerts())
    for metric in (
        "node_cpu_seconds_total",
        "node_memory_MemAvailable_bytes",
        "predict_linear(node_filesystem_avail_bytes",
        "node_disk_writes_completed_total",
        "node_network_transmit_bytes_total",
        "probe_ssl_earliest_cert_expiry",
        "django_db_replica_lag_seconds",
        "celery_queue_oldest_seconds",
        "backup_last_success_timestamp_seconds",
    ):
        assert metric in watched


def test_every_query_reads_metrics_that_exist() -> None:
    groups = rules.groups().values()
    recorded = {
        rule["record"] for group in groups for rule in group if "record" in rule
    }
    known = own_metrics() | OF_OTHERS | recorded
    for query in queries():
        # Without labels, windows and what a result is grouped by.
        bare = re.sub(r"\{.*?\}|\[.*?\]|\b(by|on) ?\(.*?\)", " ", query)
        names = set(re.findall(r"\b\w*[a-zA-Z][_:]\w[\w:]*\b(?!\()", bare))
        assert names <= known, query


@DOCUMENTED
def test_every_alert_links_to_a_runbook_that_says_what_to_do() -> None:
    anchors = {name.lower(): text for name, text in sections().items()}
    for rule in alerts():
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        if page == "docs/runbooks.md":
            assert (settings.BASE_DIR / page).exists()
        text = anchors.get(anchor, "")
        for part in ("Means", "Look", "Do"):
            assert f"- **{part}**: " in text, f"add {part} to {anchor} in {RUNBOOKS}"


@DOCUMENTED
def test_every_name_of_the_table_has_a_runbook() -> None:
    """A section of yours, for a rule of yours, is welcome."""
    names = {alert.name for group in ALERTS.values() for alert in group}
    names |= {objective.name for objective in OBJECTIVES}

    assert names <= {*sections()}


@HERE
def test_every_severity_has_a_receiver_and_no_address_is_in_the_file() -> None:
    found = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
    receivers = {receiver["name"] for receiver in found["receivers"]}
    routed = {
        matcher.partition(" = ")[2]
        for route in found["route"]["routes"]
        for matcher in route.get("matchers", [])
    }

    assert {rule["labels"]["severity"] for rule in alerts()} - {TICKET} <= routed
    assert {route["receiver"] for route in found["route"]["routes"]} <= receivers
    # Each address is a secret.
    text = (FOLDER / "alertmanager.yml").read_text()
    assert not re.search(r"(?m)^ *(- )?(api_)?url: ", text)


@pytest.mark.practice(42)
def test_every_container_with_metrics_is_scraped() -> None:
    exporters = {name for name in compose() if name.endswith("-exporter")}
    text = (FOLDER / "prometheus.yml").read_text()
    found = yaml.safe_load(text)

    assert exporters <= {*re.findall(r"([a-z]+-exporter):\d+", text)}
    jobs = {job["job_name"]: job for job in found["scrape_configs"]}
    [web] = jobs["web"]["dns_sd_configs"]
    site = yaml.safe_load((COMPOSE.parent / "compose.yml").read_text())
    assert site["x-app"]["environment"]["METRICS_BIND"] == f"0.0.0.0:{web['port']}"
    assert set(web["names"]) <= site["services"].keys()


@cache
def compose() -> dict[str, dict[str, Any]]:
    if not COMPOSE.exists():
        pytest.skip("no deploy/compose/monitoring.yml here")
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.mark.practice(42)
@pytest.mark.skipif(not SYSTEMD.exists(), reason="no deploy/systemd here")
def test_every_unit_with_metrics_is_scraped_and_listens_to_this_host_alone() -> None:
    units = [*SYSTEMD.rglob("*.service"), *SYSTEMD.rglob("*.conf")]
    found = re.findall(
        r"(?:METRICS_BIND|--web\.listen-address)=([^\s']+)",
        "\n".join(unit.read_text() for unit in units),
    )
    text = (SYSTEMD / "monitoring/prometheus.yml").read_text()
    scraped = {*re.findall(r"127\.0\.0\.1:\d+", text)}

    assert len({*found}) == len(found) > 8
    assert {*found} <= scraped
    # Rules name them; a site may have no worker.
    jobs = {*re.findall(r'job="(\w+)"', " ".join(queries()))}
    assert jobs <= {*re.findall(r"job_name: (\w+)", text)} | {"worker"}
    assert ("instance: broker" in text) is ("job_name: worker" in text)


@pytest.mark.practice(42)
def test_no_metric_is_reachable_from_outside() -> None:
    for name, service in compose().items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        if service.get("network_mode") == "host":
            assert "--web.listen-address=172.17.0.1:9100" in service["command"], name
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["user"] not in {"root", "0"}
    # Nothing publishes the application's; nginx does not proxy its port.
    for file in (settings.BASE_DIR / "deploy/nginx").glob("*.conf"):
        assert "9464" not in file.read_text()


@pytest.mark.practice(42)
def test_dashboard_covers_each_part_and_no_panel_hides_another() -> None:
    panels = dashboards.dashboard()["panels"]
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]

    assert rows == [*dashboards.ROWS]
    assert {"Overview", "Requests by view", "Database", "Cache", "Workers"} < {*rows}
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not mine & cells
        cells |= mine
    assert max(x for x, _ in cells) < 24
    assert json.loads(dashboards.text()) == dashboards.dashboard()
    assert any(f"{REQUESTS}_count" in query for query in queries())


def test_probe_names_the_objectives_that_are_measured(settings: Settings) -> None:
    settings.DEBUG = False
    settings.METRICS_BIND = "127.0.0.1:9464"
    assert probes.objectives() == Finding(
        State.ON, "Availability 99.9 %, Latency 99 %, Freshness 99 %"
    )

    settings.METRICS_BIND = ""
    assert probes.objectives().state is State.OFF
    assert "set METRICS_BIND" in probes.objectives().detail
    settings.DEBUG = True
    assert probes.objectives().state is State.EMBEDDED
