"""The site under load: a database and files of its own, and gunicorn as in production."""

import http.client
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from plinth.env import Env

# The project, from whose folder `make bench` runs this.
ROOT = Path.cwd()

# As nginx says it: production knows no plain http.
BEHIND_PROXY = {"X-Forwarded-Proto": "https"}
# What these say holds here too. All else is the benchmark's own, so that it reaches no
# data and no service of anybody's.
TAKEN_OVER = ("CONN_MAX_AGE", "DATABASE_POOL_SIZE", "REDIS_URL", "WEB_CONCURRENCY")
# Each is a gunicorn of its own, with these variables beside those that all share.
SERVERS = {
    "site": {"DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.site"},
    "no cache": {"DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.no_cache"},
    "no middleware": {"DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.no_middleware"},
    "no kept connections": {"CONN_MAX_AGE": "0", "DATABASE_POOLER": "none"},
}


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for a run, whose name is the name of all that the run makes elsewhere."""
    with tempfile.TemporaryDirectory(prefix="benchmark_") as name:
        yield Path(name)


@contextmanager
def environment(folder: Path) -> Iterator[None]:
    """This process's variables, and so its children's: production, with an empty database.

    It is a new one on the PostgreSQL that DATABASE_URL names, or SQLite in the folder.
    """
    env = Env()
    env.read_file(ROOT / ".env")
    # A pooler knows no new database.
    server = env("DATABASE_DIRECT_URL") or env("DATABASE_URL")
    example = (ROOT / ".env.example").read_text()
    for name in re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE):
        if name not in TAKEN_OVER:
            os.environ.pop(name, None)
    with ExitStack() as stack:
        if server and not server.startswith(("postgres", "sqlite")):
            sys.exit(
                "The benchmark knows PostgreSQL and SQLite: DATABASE_URL names another."
            )
        if server.startswith("postgres"):
            url = stack.enter_context(new_database(server, folder.name))
        else:
            url = f"sqlite:///{folder}/db.sqlite3"
        os.environ |= {
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "BENCHMARK_FOLDER": str(folder),
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.site",
            "ENV_FILE": os.devnull,
            "SECRET_KEY": secrets.token_urlsafe(50),
        }
        yield


@contextmanager
def new_database(server: str, name: str) -> Iterator[str]:
    """The address of an empty database, which is dropped at the end."""
    database = Identifier(name)
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(database))
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        sys.exit(f"The benchmark makes a database of its own, and can't: {reason}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(database))


class Answer(NamedTuple):
    status: int
    queries: int | None
    body: bytes


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Server:
    """A gunicorn with the project's configuration, on a free port; options stand above."""

    def __init__(
        self,
        log: Path,
        variables: dict[str, str],
        *options: str,
        application: str = "plinth.benchmarks.wsgi",
    ) -> None:
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn"),
                    "--config=python:plinth.server.gunicorn",
                    f"--bind=127.0.0.1:{self.port}",
                    # A worker that is replaced would start with an empty cache.
                    "--max-requests=0",
                    *options,
                    application,
                ],
                cwd=ROOT,
                env=os.environ | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C is for the benchmark, which ends what it started.
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return when it listens; exit with the last line of its log if it ends."""
        while self.process.poll() is None:
            with socket.socket() as visitor:
                if visitor.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        sys.exit(f"The server did not start: {self.last_line()}")

    def last_line(self) -> str:
        return self.log.read_text().strip().rpartition("\n")[2]

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        """Fetch a page over a connection of its own, and count its queries."""
        connection = self.connection()
        try:
            connection.request(
                "GET", path, headers=BEHIND_PROXY | headers | {"X-Count-Queries": "yes"}
            )
            response = connection.getresponse()
            counted = response.headers.get("X-Queries")
            queries = int(counted) if counted else None
            return Answer(response.status, queries, response.read())
        finally:
            connection.close()

    def wait_for_end(self) -> None:
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def serve(folder: Path, names: set[str]) -> Iterator[dict[str, Server]]:
    """Run these of SERVERS, or of an app's, with their logs in the folder."""
    from . import cases

    servers: dict[str, Server] = {}
    variables = SERVERS | cases.app_servers()
    try:
        for name in names:
            servers[name] = Server(folder / f"{name}.log", variables[name])
        for server in servers.values():
            server.wait()
        yield servers
    finally:
        for server in servers.values():
            server.process.terminate()
        for server in servers.values():
            server.wait_for_end()
