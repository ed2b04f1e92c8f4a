"""Gunicorn: `gunicorn --config python:config.gunicorn config.wsgi`.

Every number has its reason beside it.
"""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"

# Threads wait for the database together; processes use the cores. How many cores are
# meant for this server it can't see from inside a container, so WEB_CONCURRENCY says.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4

# One import for all workers: shared memory, and a bad setting stops the start at once.
preload_app = True

# Seconds. Shorter than a proxy waits (60), so that this end says what went wrong.
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

# The application logs each request with its id, so there is no access log here.
accesslog = None
errorlog = "-"
