"""Container healthcheck: `python -m plinth.server.healthcheck web|worker|beat`.

The web is probed over HTTP, without an import of Django, since Docker runs this every few
seconds. A Celery process is pinged through the broker: it can run and have lost its
connection.
"""

import http.client
import os
import socket
import sys
from contextlib import closing

# Seconds
TIMEOUT = 4


def bind() -> str:
    """Return the address of this container's web server, of WEB_BIND or PORT."""
    port = os.environ.get("PORT") or "8000"
    return os.environ.get("WEB_BIND") or f"0.0.0.0:{port}"


def probe_web() -> str:
    """Return the error of the web server; empty if it is healthy."""
    # gunicorn answers 500 to a path outside of its SCRIPT_NAME.
    path = f"{os.environ.get('SCRIPT_NAME', '')}/health/live/"
    try:
        with closing(connection(bind(), TIMEOUT)) as web:
            web.request("GET", path)
            status = web.getresponse().status
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{bind()} does not answer: {error!r}"
    return "" if status == http.HTTPStatus.OK else f"{bind()} answers {status}"


def connection(bind: str, timeout: float) -> http.client.HTTPConnection:
    """Return a connection to a server's address, through no proxy."""
    if bind.startswith("unix:"):
        return SocketConnection(bind.removeprefix("unix:"), timeout=timeout)
    host, _, port = bind.rpartition(":")
    # A server at all addresses is at the loopback address too.
    loopback = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "::1"}  # noqa: S104
    host = loopback.get(host, host.strip("[]"))
    return http.client.HTTPConnection(host, int(port), timeout=timeout)


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, whose path is the host."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


def ping(*node: str) -> None:
    """Replace this process by one that pings a worker, or beat."""
    os.execv(  # noqa: S606
        sys.executable, [sys.executable, "-m", "plinth.tasks.ping", *node]
    )


def main() -> None:
    """Exit with 0 if the process of a role is healthy, or with 1 and the error."""
    match sys.argv[1:]:
        case ["web"]:
            sys.exit(probe_web() or 0)
        case ["worker"]:
            ping()
        case ["beat"]:
            ping(f"celerybeat@{socket.gethostname()}")
        case _:
            sys.exit("Usage: python -m plinth.server.healthcheck web|worker|beat")


if __name__ == "__main__":
    main()
