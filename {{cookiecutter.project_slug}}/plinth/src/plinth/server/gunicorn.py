"""gunicorn's settings; config/gunicorn.py imports them and may override each.

A new release needs a new master: another container, or USR2. HUP starts new workers with
the code and the settings that the master has loaded.
"""

import os
import shutil
import tempfile
import warnings
from itertools import count
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

# Behind nginx on the same machine a unix socket, unix:/run/app/blue.sock, saves the cost
# of TCP; in Kubernetes it is a port.
bind = env.address("WEB_BIND", default=f"0.0.0.0:{env.port('PORT', default=8000)}")
# The socket's owner and group may connect; nginx must be in the group.
umask = 0o007

# A process uses one CPU at a time, and its threads wait for the database together. So one
# process per CPU, and one for when another waits or is replaced.
worker_class = "plinth.server.worker.Worker"
workers = env.integer("WEB_CONCURRENCY", default=cpus() + 1, least=1)
# More threads would mostly wait for each other, and for the DATABASE_POOL_SIZE connections.
threads = env.integer("WEB_THREADS", default=4, least=1)
# Per process, idle keep-alive connections included. A proxy keeps dozens, a load balancer
# hundreds.
worker_connections = 1000

# One import for all workers: shared memory, and a bad setting stops the start at once.
preload_app = True

# Seconds. A worker whose main thread hangs is replaced: later than the database's statement
# timeout (30), and before nginx gives up (60). It does not bound a request; the time-outs
# of the services that a request calls do.
timeout = 55
# On SIGTERM, in-flight requests get as long as a statement; the service manager waits 40.
graceful_timeout = 30
# Longer than nginx or a load balancer keeps an idle connection (60): it could otherwise
# send a request into a connection that is being closed.
keepalive = 75

# A worker is replaced before a slow memory leak hurts; the jitter spreads replacements.
max_requests = 10_000
max_requests_jitter = 1_000

# The heartbeat is a file: in memory, where a busy disk can't delay it.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# The control socket would be under $HOME, which may be read-only.
control_socket_disable = True

# Bytes: a request line, or a header, of as much as one nginx buffer holds (8k).
limit_request_line = 8190
limit_request_field_size = 8190
# Browsers send twenty, and proxies add some.
limit_request_fields = 64
# Peers whose X-Forwarded-Proto gunicorn trusts, beside a unix socket. Django trusts
# TRUSTED_PROXIES.
forwarded_allow_ips = "127.0.0.1,::1"

# WhiteNoise's warning without collected static files; `on_starting` logs one that says what
# to do.
warnings.filterwarnings("ignore", "No directory at: ")

# In ps: `gunicorn: master [NAME]`, and its workers.
proc_name = NAME

# Counts requests by status, and their durations.
statsd_host = env.address("STATSD_HOST") or None
statsd_prefix = NAME


class OneLineLogger(Statsd if statsd_host else Logger):  # type: ignore[misc]
    """No access log: RequestLogMiddleware logs each request, with its id.

    A malformed or oversized request never reaches it, and is a warning here.
    """

    access_log_enabled = False


logger_class = OneLineLogger
# gunicorn's own messages go to the same stream in the same format.
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

# Metrics for Prometheus, at an address of their own.
if metrics_bind := env.address("METRICS_BIND"):
    from plinth.metrics import processes
    from plinth.metrics import server as metrics

    # Add to it in config/gunicorn.py: the workers count in files of this folder.
    folder = os.environ.get(processes.FOLDER) or processes.new_folder(worker_tmp_dir)
    raw_env = [f"{processes.FOLDER}={folder}"]


def on_starting(server: Any) -> None:
    """Raise the limit of open files, share memory, log warnings, open the metrics' port."""
    from plinth.server.memory import hash_memory_warning, share_with_workers
    from plinth.server.static_files import static_files_warning

    raise_open_files()
    if server.cfg.preload_app:
        share_with_workers()
    delete_temporary_files()
    for warning in (
        hash_memory_warning(server.cfg.workers, server.cfg.threads),
        static_files_warning(),
    ):
        if warning:
            server.log.warning(warning)
    if metrics_bind:
        shared = bool(server.master_pid)
        server.metrics_listener = metrics.listen(metrics_bind, shared=shared)


def pre_fork(server: Any, worker: Any) -> None:
    """Close the database connections that loading has opened: a fork would share them."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    # The lowest number that no living worker has.
    taken = {other.slot for other in server.WORKERS.values()}
    worker.slot = next(slot for slot in count() if slot not in taken)


def post_worker_init(worker: Any) -> None:
    """Serve the metrics of all workers."""
    if metrics_bind:
        metrics.serve(worker.metrics_listener, site=True)


def post_fork(server: Any, worker: Any) -> None:
    """Give each worker a temporary folder of its own, for uploads, and files of metrics."""
    uploads = Path(tempfile.gettempdir(), f"{NAME}-web-{worker.pid}")
    uploads.mkdir(mode=0o700, exist_ok=True)
    tempfile.tempdir = str(uploads)
    if metrics_bind:
        processes.enter(worker.slot)
        worker.metrics_listener = server.metrics_listener


def delete_temporary_files() -> None:
    """Delete the folders of workers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{NAME}-web-*"):
        try:
            os.kill(int(folder.name.rpartition("-")[2]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError):
            continue  # of another user, or not a worker's


def child_exit(server: Any, worker: Any) -> None:
    """Delete the temporary files and the gauges of a worker that has exited."""
    delete_temporary_files()
    if metrics_bind:
        processes.leave(worker.slot)


def pre_exec(server: Any) -> None:
    """USR2: the next master adds to the files of this one."""
    if metrics_bind:
        server.cfg.env_orig[processes.FOLDER] = os.environ[processes.FOLDER]


def on_exit(server: Any) -> None:
    """Delete the metrics, unless another master still adds to them."""
    if metrics_bind and not (server.master_pid or server.reexec_pid):
        processes.delete()
