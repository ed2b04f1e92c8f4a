"""gunicorn's worker class for ASGI, with the extra `asgi`.

`gunicorn --config python:config.gunicorn --worker-class plinth.server.asgi_worker.Worker
config.asgi`
"""

from typing import Any

from uvicorn_worker import UvicornWorker

from . import gunicorn


class Worker(UvicornWorker):
    """uvicorn with the limits of gunicorn's configuration; it knows no number of threads."""

    CONFIG_KWARGS: dict[str, Any] = {
        **UvicornWorker.CONFIG_KWARGS,
        # RequestLogMiddleware logs each request.
        "access_log": False,
        # Django trusts TRUSTED_PROXIES. uvicorn would replace the proxy's address by the
        # client's, whose X-Forwarded-Proto Django then ignores.
        "proxy_headers": False,
        # Django has neither.
        "lifespan": "off",
        "ws": "none",
        "server_header": False,
        "timeout_graceful_shutdown": gunicorn.graceful_timeout,
        # More get a 503; gunicorn's own workers leave them in the backlog.
        "limit_concurrency": gunicorn.worker_connections,
    }
