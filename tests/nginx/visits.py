"""The project behind its own nginx, over a socket, and who visits it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPSConnection
from pathlib import Path

from tests import services
from tests.services import Answer, Front, wait_until

HOST = "example.com"
SESSION = "__Host-sessionid"
TOKEN = "__Host-csrftoken"
FORGED = "203.0.113.9"

KEPT = "/trial/kept/?says=public,s-maxage%3D60"
# It runs out after a second, which nginx counts by its clock's.
SHORT = "/trial/kept/?says=public,s-maxage%3D1"
RUNS_OUT = 2.1

# Certificates here are of the tests' own making.
TRUSTING = ssl._create_unverified_context()
TRUSTING.set_alpn_protocols(["http/1.1"])


class Application:
    """Gunicorn behind the socket that nginx knows: it can be stopped and started."""

    def __init__(self, project: Path, front: Front, database: str) -> None:
        self.project, self.front, self.database = project, front, database
        self.stack = ExitStack()

    @property
    def log(self) -> Path:
        return self.front.folder / "application.log"

    def start(self) -> None:
        running = services.gunicorn_on(
            self.front.folder / "run/blue.sock",
            self.project,
            self.log,
            DATABASE_URL=self.database,
            SECURE_SSL_REDIRECT="true",
            WEB_CONCURRENCY="1",
        )
        self.stack.enter_context(running)
        wait_until(lambda: Browser(self.front).ask("/robots.txt").status == 200)

    def stop(self) -> None:
        self.stack.close()


@contextmanager
def served(
    project: Path, folder: Path, database: str, *trusted: str
) -> Iterator[tuple[Front, Application]]:
    with services.front(project, folder, *trusted) as front:
        application = Application(project, front, database)
        application.start()
        try:
            yield front, application
        finally:
            application.stop()


class Browser:
    """A connection, kept as long as nginx keeps it, from an address of this machine's."""

    def __init__(
        self, front: Front, source: str = "127.0.0.1", name: str = HOST
    ) -> None:
        self.front, self.name, self.connections = front, name, 0

        class Connection(HTTPSConnection):
            def connect(connection) -> None:
                self.connections += 1
                connection.sock = connect(front.https, source, name)

        self.connection = Connection("127.0.0.1", front.https)

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {"Host": self.name} | named)
        response = self.connection.getresponse()
        text = response.read().decode(errors="replace")
        return Answer(response.status, response.headers, text)


def connect(port: int, source: str = "127.0.0.1", name: str = HOST) -> ssl.SSLSocket:
    """Open a TLS connection, whatever certificate the other side shows."""
    raw = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
    return TRUSTING.wrap_socket(raw, server_hostname=name)


def over_http(front: Front, path: str, host: str = HOST) -> Answer:
    return services.get(f"http://127.0.0.1:{front.http}{path}", host=host)


def cookies(**values: str) -> str:
    return "; ".join(f"{name}={value}" for name, value in values.items())


def cookie_of(answer: Answer, name: str) -> str:
    """A cookie that an answer sets, with what it says about it."""
    [said] = [
        cookie
        for cookie in answer.headers.get_all("Set-Cookie", [])
        if cookie.startswith(f"{name}=")
    ]
    return said


def cache_of(answer: Answer) -> str:
    return str(answer.headers["X-Cache"])
