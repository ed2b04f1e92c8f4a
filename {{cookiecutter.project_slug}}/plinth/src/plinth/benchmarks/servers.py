"""The site under load: a temporary database and files, and gunicorn as in production."""

import http.client
import os
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

from plinth.env import Env, process_variables

# `make bench` runs in the project's folder.
ROOT = Path.cwd()

# As set by nginx: production redirects plain http.
BEHIND_PROXY = {"X-Forwarded-Proto": "https"}
# The project's values of these are used. All others are unset, so that a benchmark
# reaches no data and no external service.
INHERITED = {"CONN_MAX_AGE", "DATABASE_POOL_SIZE", "REDIS_URL", "WEB_CONCURRENCY"}
# One gunicorn each, with these variables beside the common ones.
SERVERS = {
    "site": {"DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.site"},
    "no cache": {"DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.no_cache"},
    "no middleware": {
        "DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.no_middleware"
    },
    "CONN_MAX_AGE=0": {"CONN_MAX_AGE": "0", "DATABASE_POOLER": "none"},
}


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder; its name is that of the database and the prefix of cache keys."""
    with tempfile.TemporaryDirectory(prefix="benchmark_") as name:
        yield Path(name)


@contextmanager
def environment(folder: Path) -> Iterator[None]:
    """Set production's variables in this process and its children, with an empty database.

    The database is new on the PostgreSQL server of DATABASE_URL, or SQLite in the folder.
    """
    env = Env()
    env.read_file(ROOT / ".env")
    # A pooler serves configured databases only.
    server = env("DATABASE_DIRECT_URL") or env("DATABASE_URL")
    inherited = {name: os.environ[name] for name in INHERITED & os.environ.keys()}
    inherited |= process_variables()
    os.environ.clear()
    with ExitStack() as stack:
        if server and not server.startswith(("postgres", "sqlite")):
            sys.exit("The benchmark supports PostgreSQL and SQLite: see DATABASE_URL.")
        if server.startswith("postgres"):
            url = stack.enter_context(new_database(server, folder.name))
        else:
            url = f"sqlite:///{folder}/db.sqlite3"
        os.environ |= {
            **inherited,
            "ENV_FILE": os.devnull,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "BENCHMARK_FOLDER": str(folder),
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "plinth.benchmarks.settings.site",
            "SECRET_KEY": secrets.token_urlsafe(50),
        }
        yield


@contextmanager
def new_database(server: str, name: str) -> Iterator[str]:
    """The URL of an empty database, which is dropped at the end."""
    database = Identifier(name)
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(database))
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        sys.exit(f"The benchmark can't create its database: {reason}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(database))


class Response(NamedTuple):
    status: int
    queries: int | None
    body: bytes


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds that a process and its children have used, where /proc says it."""
    folder = Path(f"/proc/{process}")
    if not folder.exists():  # Linux only
        return 0
    # utime and stime, in ticks; the command before them may contain anything.
    parts = (folder / "stat").read_text().rpartition(")")[2].split()
    own = (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
    children = (folder / f"task/{process}/children").read_text().split()
    return own + sum(cpu_seconds(int(child)) for child in children)


class Server:
    """A gunicorn with the project's configuration on a free port; options override it."""

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
                    # A recycled worker would start with a cold cache.
                    "--max-requests=0",
                    *options,
                    application,
                ],
                cwd=ROOT,
                # Killed workers leave their files to the benchmark's folder.
                env=os.environ | variables | {"TMPDIR": str(log.parent)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C is for the benchmark, which stops its subprocesses.
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it listens; exit with the last line of its log if it fails."""
        while self.process.poll() is None:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        sys.exit(f"The server did not start: {self.last_line()}")

    def last_line(self) -> str:
        return self.log.read_text().strip().rpartition("\n")[2]

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str, headers: dict[str, str]) -> Response:
        """Request a page over a new connection, and count its queries."""
        connection = self.connection()
        try:
            connection.request(
                "GET", path, headers=BEHIND_PROXY | headers | {"X-Count-Queries": "yes"}
            )
            response = connection.getresponse()
            counted = response.headers.get("X-Queries")
            queries = int(counted) if counted else None
            return Response(response.status, queries, response.read())
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
    """Run these servers of SERVERS or of an app, with their logs in the folder."""
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
