"""The HTTP server of the metrics, at METRICS_BIND: never at the site's own address.

gunicorn's master opens the port, and every worker answers on it for all of them, so that
one that hangs or dies is not missed. Each process counts in files of its own
(prometheus_client's multiprocess mode). They are named after the worker's slot, which its
successor takes over: counters never go down, and the number of files is bounded.
"""

import os
import shutil
import socket
import sys
import tempfile
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, MetricsHandler, values
from prometheus_client.multiprocess import MultiProcessCollector


class Handler(MetricsHandler):
    # Seconds, for a client that sends nothing.
    timeout = 10


class Processes:
    """The metrics of a server's processes, in a folder."""

    def __init__(self, folder: str = "", *, within: str | None = None) -> None:
        self.folder = folder or tempfile.mkdtemp(prefix="metrics-", dir=within)
        self.name = str(os.getpid())
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self.folder
        values.ValueClass = values.MultiProcessValue(lambda: self.name)

    def enter(self, slot: object) -> None:
        """Count in the files of a slot from now on: call it in a new process."""
        self.name = f"{os.getppid()}-{slot}"

    def leave(self, slot: object) -> None:
        """Delete the gauges of a slot's process, which has exited."""
        for file in Path(self.folder).glob(f"gauge_live*_{os.getpid()}-{slot}.db"):
            file.unlink()

    def delete(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


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
        sys.exit(f"METRICS_BIND={address} cannot be used: {error.strerror}.")


def serve(listener: socket.socket, *, site: bool) -> None:
    """Answer on the port, in a thread; with `site`, the metrics of `collectors` too."""
    registry: Any = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
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
