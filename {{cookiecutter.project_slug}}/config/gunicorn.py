"""Gunicorn: `gunicorn --config python:config.gunicorn config.wsgi`.

Every number has its reason beside it.
"""

from pathlib import Path
from typing import Any

from config.env import Env

env = Env()
env.read_file(Path(__file__).resolve().parent.parent / ".env")

bind = f"0.0.0.0:{env.integer('PORT', default=8000)}"

# Threads wait for the database together; processes use the cores. How many cores are
# meant for this server it can't see from inside a container, so WEB_CONCURRENCY says.
worker_class = "gthread"
workers = env.integer("WEB_CONCURRENCY", default=2)
threads = 4

# One import for all workers: shared memory, and a bad setting stops the start at once.
preload_app = True

# Seconds. A worker whose main thread hangs is replaced; how long a request may take, the
# time-outs of what it waits for say. On a restart, requests have this long to end.
timeout = 55
graceful_timeout = 30
# Longer than a load balancer keeps an idle connection (60), or it would be cut off
# in the middle of the next request.
keepalive = 75

# A worker is replaced before a slow leak hurts, and not all of them at once.
max_requests = 10_000
max_requests_jitter = 1_000

# The heartbeat is a file: in memory, where a busy disk can't hold it up.
worker_tmp_dir = "/dev/shm"  # noqa: S108
# The control socket would be written under $HOME, which may be read-only.
control_socket_disable = True

# The application logs each request with its id, so there is no access log here; what
# gunicorn says of itself goes to the same place in the same form.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "apps.core.logging.RequestIdFilter"}},
    "formatters": {"json": {"()": "apps.core.logging.JsonFormatter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "json",
        },
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
        # With a log configured, gunicorn would write one of visits all the same.
        "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}


def pre_fork(server: Any, worker: Any) -> None:
    """Leave no connection to two processes: what was asked while loading is over."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
