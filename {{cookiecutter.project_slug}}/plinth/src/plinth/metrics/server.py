"""The HTTP server of the metrics, at METRICS_BIND: never at the site's own address.

gunicorn's master opens the port, and every worker answers on it for all of them, so that
one that hangs or dies is not missed.
"""

import os
import socket
import sys
import threading  # noqa: TID251 (of a server, not of a request)
from http.server import ThreadingHTTPServer
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, MetricsHandler
from prometheus_client.multiprocess import MultiProcessCollector

from . import processes


class Handler(MetricsHandler):
    # Seconds, for a client that sends nothing.
    timeout = 10


def listen(address: str, *, shared: bool = False) -> socket.socket:
    """Open the port; `shared` if the master that is replaced (USR2) has it open too."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    where: dict[str, Any] = {
        "address": (host, int(port)),
        "family": socket.AF_INET6 if ":" in host else socket.AF_INET,
    }
    try:
        if not shared:
            # Fails if another server has it, which reuse_port does not.
            socket.create_server(**where).close()
        return socket.create_server(**where, reuse_port=True)
    except OSError as error:
        if not shared:
            processes.delete()
        reason = os.strerror(error.errno) if error.errno else error
        sys.exit(f"METRICS_BIND={address} cannot be used: {reason}.")


def serve(listener: socket.socket, *, site: bool) -> None:
    """Answer on the port, in a thread; with `site`, the metrics of `collectors` too."""
    registry: Any = REGISTRY
    if processes.FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    if site:
        from .collectors import SiteCollector

        registry.register(SiteCollector())
    # Only one of the processes that are woken gets the connection.
    listener.setblocking(False)
    server = ThreadingHTTPServer(
        listener.getsockname()[:2],
        Handler.factory(registry),
        bind_and_activate=False,
    )
    server.socket.close()
    server.socket = listener
    threading.Thread(
        target=server.serve_forever, args=[3600], name="metrics", daemon=True
    ).start()
