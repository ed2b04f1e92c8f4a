"""The metrics that a process counts itself; `collectors` has those read at each scrape.

Labels have few values: a view's name, never a path. Import this on use, and only where
`metrics.enabled()`.
"""

from prometheus_client import Counter, Gauge, Histogram

from .processes import open_folder

open_folder()

REQUESTS = Histogram(
    "django_http_request_duration_seconds",
    "Duration of requests below HealthMiddleware; of a stream, until its first byte.",
    ["view", "method", "status"],
    # Seconds. An objective for the latency must be one of them.
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUEST_QUERIES = Counter(
    "django_http_request_queries_total", "Database queries of requests.", ["view"]
)
REQUEST_QUERY_SECONDS = Counter(
    "django_http_request_query_seconds_total",
    "Seconds that requests spent in database queries.",
    ["view"],
)
QUERIES = Histogram(
    "django_db_query_duration_seconds",
    "Duration of database queries.",
    ["database"],
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10),
)
POOL = Gauge(
    "django_db_pool_connections",
    "Connections of psycopg's pools: max, open, used; and waiting, the threads.",
    ["database", "state"],
    multiprocess_mode="livesum",
)
CACHE_READS = Counter(
    "django_cache_reads_total",
    "Keys read from Redis: hit or miss.",
    ["cache", "result"],
)

TASKS = Histogram(
    "celery_task_duration_seconds",
    "Duration of tasks.",
    ["task"],
    buckets=(0.1, 0.5, 2.5, 10, 30, 60, 300),
)
TASK_WAITS = Histogram(
    "celery_task_wait_seconds",
    "Seconds from when a task was due until a worker started it.",
    ["task"],
    buckets=(0.1, 1, 5, 10, 30, 60, 300, 1800),
)
TASK_FAILURES = Counter(
    "celery_task_failures_total", "Tasks that failed for good.", ["task"]
)
TASK_RETRIES = Counter("celery_task_retries_total", "Retries of tasks.", ["task"])
