"""The container's healthcheck: `python -m plinth.server.healthcheck web|worker|beat`.

It probes the web over HTTP without importing Django, since Docker runs it every few
seconds, and Celery's processes by a ping through the broker: a process can be alive and
have lost its connection.
"""

import http.client
import os
import socket
import sys
from contextlib import closing

# Seconds
TIMEOUT = 4


def ask_web() -> str:
    """Return what is wrong with the answer of the server at WEB_BIND or PORT."""
    port = os.environ.get("PORT") or "8000"
    bind = os.environ.get("WEB_BIND") or f"0.0.0.0:{port}"
    try:
        with closing(connection(bind)) as web:
            web.request("GET", "/health/live/")
            status = web.getresponse().status
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{bind} does not answer: {error!r}"
    return "" if status == http.HTTPStatus.OK else f"{bind} answers {status}"


def connection(bind: str) -> http.client.HTTPConnection:
    """Return a connection to where a server listens, through no proxy."""
    if bind.startswith("unix:"):
        return SocketConnection(bind.removeprefix("unix:"), timeout=TIMEOUT)
    host, _, port = bind.rpartition(":")
    # Who listens at all addresses has no name of its own.
    own = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "::1"}  # noqa: S104
    host = own.get(host, host.strip("[]"))
    return http.client.HTTPConnection(host, int(port), timeout=TIMEOUT)


class SocketConnection(http.client.HTTPConnection):
    """HTTP by a unix socket, whose path stands for the host."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


def ping(*name: str) -> None:
    """Replace this process by the command that pings a worker, or beat, by the broker."""
    # manage.py chooses settings where DJANGO_SETTINGS_MODULE is not set.
    os.execv(  # noqa: S606
        sys.executable, [sys.executable, "manage.py", "ping_worker", *name]
    )


def main() -> None:
    """Exit 0 if the process of this role serves, or 1 with a line that says why not."""
    match sys.argv[1:] or ["web"]:
        case ["web"]:
            sys.exit(ask_web() or 0)
        case ["worker"]:
            ping()
        case ["beat"]:
            ping(f"celerybeat@{socket.gethostname()}")
        case _:
            sys.exit("The role is web, worker or beat.")


if __name__ == "__main__":
    main()
