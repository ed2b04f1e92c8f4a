"""gunicorn's settings, which config/gunicorn.py takes and may change.

Every number has its reason beside it. A new release is a new master: by another container
or colour, or by USR2. HUP gives fresh workers, which run the code and the settings that
the master has loaded.
"""

import os
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.instrument.statsd import Statsd

from plinth.env import Env
from plinth.server.resources import cpus, raise_open_files

# The project's folder, where gunicorn is started.
NAME = Path.cwd().name

env = Env()
env.read_file(Path(".env").resolve())

# Behind nginx on the same machine a unix socket, unix:/run/app/web.sock, saves the work
# of TCP; in Kubernetes it is a port.
bind = env.address("WEB_BIND", default=f"0.0.0.0:{env.port('PORT', default=8000)}")
# Of the socket: its owner and the group may connect, which nginx has to be in.
umask = 0o007

# Threads wait for the database together; a process uses one CPU at a time. So one for each
# CPU that is meant for this server, and one for when another waits or is replaced.
worker_class = "plinth.server.worker.Worker"
workers = env.integer("WEB_CONCURRENCY", default=cpus() + 1, least=1)
# More would rather wait for each other, and for a connection of DATABASE_POOL_SIZE.
threads = env.integer("WEB_THREADS", default=4, least=1)
# Of one process, kept ones included. A proxy keeps some dozens, a load balancer hundreds.
worker_connections = 1000

# One import for all workers: shared memory, and a bad setting stops the start at once.
preload_app = True

# Seconds. A statement of the database has 30, nginx waits for 60: between them a worker
# whose main thread hangs is replaced. How long a request may take, the time-outs of what
# it waits for say.
timeout = 55
# On a stop, requests have as long as a statement; who stops gunicorn waits for 35.
graceful_timeout = 30
# Longer than nginx or a load balancer keeps an idle connection (60), or it would be cut
# off in the middle of the next request.
keepalive = 75

# A worker is replaced before a slow leak hurts, and not all of them at once.
max_requests = 10_000
max_requests_jitter = 1_000

# The heartbeat is a file: in memory, where a busy disk can't hold it up.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# The control socket would be written under $HOME, which may be read-only.
control_socket_disable = True

# Bytes: a line, or a header, of as much as nginx reads into one of its buffers (8k).
limit_request_line = 8190
limit_request_field_size = 8190
# Browsers send twenty, and proxies add some.
limit_request_fields = 64
# Whose word for the scheme counts here, beside that of a unix socket. Whom Django believes,
# TRUSTED_PROXIES says.
forwarded_allow_ips = "127.0.0.1,::1"

# In ps: `gunicorn: master [NAME]`, and its workers.
proc_name = NAME

# How many requests there were, with which status, and how long they took.
statsd_host = env.address("STATSD_HOST") or None
statsd_prefix = NAME


class OneLineLogger(Statsd if statsd_host else Logger):  # type: ignore[misc]
    """Leaves visits to the application, which logs each of them, with its id.

    What never gets there, because it is malformed or too large, is a warning here.
    """

    access_log_enabled = False


logger_class = OneLineLogger
# What gunicorn says of itself goes to the same place in the same form.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "plinth.logs.formatters.RequestIdFilter"}},
    "formatters": {"json": {"()": "plinth.logs.formatters.JsonFormatter"}},
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
    },
}

# Where the processes put down their counts, for Prometheus to read the sum.
if metrics := env("PROMETHEUS_MULTIPROC_DIR"):
    Path(metrics).mkdir(parents=True, exist_ok=True)


def on_starting(server: Any) -> None:
    raise_open_files()
    # Counts of processes that are gone; after USR2 the old ones still count.
    if metrics and not server.master_pid:
        for file in Path(metrics).glob("*.db"):
            file.unlink()


def pre_fork(server: Any, worker: Any) -> None:
    """Leave no connection to two processes: what was asked while loading is over."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def child_exit(server: Any, worker: Any) -> None:
    """What a gauge of living processes says of one that is gone does not count."""
    if metrics:
        for file in Path(metrics).glob(f"gauge_live*_{worker.pid}.db"):
            file.unlink()
