"""The panels of Grafana's dashboard, from which its JSON is generated."""

import json
from dataclasses import dataclass
from typing import Any

from .alerts import DEVICES, DISKS, OBJECTIVES, REQUESTS
from .rules import record


@dataclass(frozen=True)
class Panel:
    title: str
    # In Grafana's names: reqps, s, percentunit, percent, bytes, short...
    unit: str
    # Legend: PromQL.
    queries: dict[str, str]


RATE = "[$__rate_interval]"


def quantile(of: float, metric: str, by: str) -> str:
    return f"histogram_quantile({of}, sum by (le, {by}) (rate({metric}_bucket{RATE})))"


def share(part: str, whole: str) -> str:
    return f"(sum(rate({part}{RATE})) or vector(0)) / sum(rate({whole}{RATE}))"


TASKS = "celery_task_duration_seconds"
READS = "django_cache_reads_total"
QUERIES = "django_db_query_duration_seconds"

ROWS = {
    "Overview": [
        Panel(
            "Bad events, in 6 h",
            "percentunit",
            {each.name: f"{record(each)}_6h" for each in OBJECTIVES},
        ),
        Panel("Requests", "reqps", {"all": f"sum(rate({REQUESTS}_count{RATE}))"}),
        Panel(
            "Errors",
            "percentunit",
            {"5xx": share(f'{REQUESTS}_count{{status="5xx"}}', f"{REQUESTS}_count")},
        ),
        Panel(
            "Latency",
            "s",
            {
                f"p{round(of * 100)}": f"histogram_quantile({of}, sum by (le)"
                f' (rate({REQUESTS}_bucket{{view!="none"}}{RATE})))'
                for of in (0.5, 0.95, 0.99)
            },
        ),
        Panel(
            "Release",
            "short",
            {"{{release}}": "count by (release) (django_build_info)"},
        ),
        Panel("Alerts", "short", {"{{alertname}}": 'ALERTS{alertstate="firing"}'}),
    ],
    "Requests by view": [
        Panel(
            "Requests",
            "reqps",
            {"{{view}}": f"sum by (view) (rate({REQUESTS}_count{RATE}))"},
        ),
        Panel("Latency, p95", "s", {"{{view}}": quantile(0.95, REQUESTS, "view")}),
        Panel(
            "By class of status",
            "reqps",
            {"{{status}}": f"sum by (status) (rate({REQUESTS}_count{RATE}))"},
        ),
        Panel(
            "Queries of a request",
            "short",
            {
                "{{view}}": f"sum by (view) (rate(django_http_request_queries_total{RATE}))"
                f" / sum by (view) (rate({REQUESTS}_count{RATE}))"
            },
        ),
    ],
    "Database": [
        Panel(
            "Queries",
            "ops",
            {"{{database}}": f"sum by (database) (rate({QUERIES}_count{RATE}))"},
        ),
        Panel(
            "Duration, p95", "s", {"{{database}}": quantile(0.95, QUERIES, "database")}
        ),
        Panel(
            "Pool",
            "short",
            {"{{state}}": "sum by (state) (django_db_pool_connections)"},
        ),
        Panel(
            "Lag of replicas",
            "s",
            {"{{database}}": "max by (database) (django_db_replica_lag_seconds)"},
        ),
        Panel(
            "PostgreSQL's connections",
            "short",
            {
                "{{state}}": "sum by (state) (pg_stat_activity_count)",
                "max": "max(pg_settings_max_connections)",
            },
        ),
        Panel(
            "PgBouncer's clients",
            "short",
            {
                "active": "sum(pgbouncer_pools_client_active_connections)",
                "waiting": "sum(pgbouncer_pools_client_waiting_connections)",
            },
        ),
    ],
    "Cache": [
        Panel(
            "Hits",
            "percentunit",
            {
                "{{cache}}": f'sum by (cache) (rate({READS}{{result="hit"}}{RATE}))'
                f" / sum by (cache) (rate({READS}{RATE}))"
            },
        ),
        Panel(
            "Memory of Redis",
            "bytes",
            {
                "{{instance}}": "redis_memory_used_bytes",
                "{{instance}}: max": "redis_memory_max_bytes",
            },
        ),
    ],
    "Workers": [
        Panel(
            "Tasks in the queue",
            "short",
            {"{{queue}}": "max by (queue) (celery_queue_length)"},
        ),
        Panel(
            "Oldest task",
            "s",
            {"{{queue}}": "max by (queue) (celery_queue_oldest_seconds)"},
        ),
        Panel(
            "Tasks",
            "ops",
            {"{{task}}": f"sum by (task) (rate({TASKS}_count{RATE}))"},
        ),
        Panel("Runtime, p95", "s", {"{{task}}": quantile(0.95, TASKS, "task")}),
        Panel(
            "Failures and retries",
            "ops",
            {
                "{{task}} fails": "sum by (task) (rate(celery_task_failures_total"
                f"{RATE}))",
                "{{task}} retries": "sum by (task) (rate(celery_task_retries_total"
                f"{RATE}))",
            },
        ),
    ],
    "Hosts": [
        Panel(
            "CPU",
            "percent",
            {
                "{{instance}}": "100 - 100 * avg by (instance) "
                f'(rate(node_cpu_seconds_total{{mode="idle"}}{RATE}))'
            },
        ),
        Panel(
            "Memory left",
            "percentunit",
            {
                "{{instance}}": "node_memory_MemAvailable_bytes"
                " / node_memory_MemTotal_bytes"
            },
        ),
        Panel(
            "Disk left",
            "percentunit",
            {
                "{{mountpoint}}": f"node_filesystem_avail_bytes{{{DISKS}}}"
                f" / node_filesystem_size_bytes{{{DISKS}}}"
            },
        ),
        Panel(
            "Disk operations",
            "iops",
            {
                "{{device}}": f"rate(node_disk_reads_completed_total{RATE})"
                f" + rate(node_disk_writes_completed_total{RATE})"
            },
        ),
        Panel(
            "Network",
            "Bps",
            {
                "{{device}} sends": "rate(node_network_transmit_bytes_total"
                f"{{{DEVICES}}}{RATE})",
                "{{device}} receives": "rate(node_network_receive_bytes_total"
                f"{{{DEVICES}}}{RATE})",
            },
        ),
        Panel(
            "nginx's connections",
            "short",
            {
                "active": "sum(nginx_connections_active)",
                "waiting": "sum(nginx_connections_waiting)",
            },
        ),
        Panel(
            "Days until the certificate expires",
            "d",
            {"{{instance}}": "(probe_ssl_earliest_cert_expiry - time()) / 86400"},
        ),
    ],
}
# Grafana's grid has 24 columns; three panels stand in a line.
WIDTH, HEIGHT = 8, 8


def dashboard() -> dict[str, Any]:
    panels: list[dict[str, Any]] = []
    y = 0
    for row, members in ROWS.items():
        panels.append(
            {"type": "row", "title": row, "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}
        )
        y += 1
        for index, panel in enumerate(members):
            line, column = divmod(index, 24 // WIDTH)
            place = {"x": column * WIDTH, "y": y + line * HEIGHT}
            panels.append(drawn(panel) | {"gridPos": place | {"w": WIDTH, "h": HEIGHT}})
        y += -(-len(members) // (24 // WIDTH)) * HEIGHT
    return {
        "uid": "site",
        "title": "Site",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "panels": [{"id": key, **panel} for key, panel in enumerate(panels, start=1)],
    }


def drawn(panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "prometheus"}
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": source,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": f"Q{key}",
                "expr": expr,
                "legendFormat": legend,
                "datasource": source,
            }
            for key, (legend, expr) in enumerate(panel.queries.items())
        ],
    }


def text() -> str:
    return json.dumps(dashboard(), indent=1) + "\n"
