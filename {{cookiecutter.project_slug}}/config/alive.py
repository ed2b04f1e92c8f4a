"""Whether what this container runs does its work: exits 0 if so, else 1 and says why.

Docker asks every few seconds, so the web is asked without Django, which takes a second of
the processor to start.
"""

import http.client
import os
import re
import socket
import sys
from contextlib import closing
from pathlib import Path

# What this container was started for.
FIRST_PROCESS = Path("/proc/1/cmdline")
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


# {% if cookiecutter.use_celery %}
def ask_broker(*name: str) -> None:
    """Turn into the command that asks a worker, or another by its name, by the broker."""
    manage = str(Path(__file__).resolve().parent.parent / "manage.py")
    os.execv(sys.executable, [sys.executable, manage, "ping_worker", *name])  # noqa: S606


# {% endif %}
def main() -> None:
    """Exit 0, or 1 with a line that says what is wrong."""
    words = {*re.split(r"[\0\s()]+", FIRST_PROCESS.read_text())}
    # {% if cookiecutter.use_celery %}
    if any("celery" in word for word in words):
        if "worker" in words:
            ask_broker()
        if "beat" in words:
            ask_broker(f"celerybeat@{socket.gethostname()}")
    # {% endif %}
    # A command, such as a migration, does its work until it ends: nobody may stop it.
    if "manage.py" in words and not words & {"gunicorn", "runserver"}:
        sys.exit(0)
    sys.exit(ask_web() or 0)


if __name__ == "__main__":
    main()
