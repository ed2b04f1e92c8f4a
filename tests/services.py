"""Real servers for the tests: each on a free port, with its data in a folder of its own.

A test that needs a program says so, `@pytest.mark.services("redis")`, and is skipped
where it is missing; `make services` installs all of them.
"""

import getpass
import gzip
import json
import os
import random
import re
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache, partial
from http.client import BadStatusLine, HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple, cast

import brotli
import pytest

from tests.support import clean_environment, run

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "a-key-of-more-than-fifty-characters-for-the-tests-0123456789",
    "ALLOWED_HOSTS": "example.com",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "SECURE_SSL_REDIRECT": "false",
    # Proxies of the tests that connect by TCP.
    "TRUSTED_PROXIES": "127.0.0.1",
    "ENV_FILE": os.devnull,
}
# In the form of Azure's keys.
AZURE_KEY = "dHJpYWw="


def lacks(service: str) -> bool:
    """Whether this machine can't run the service; raises KeyError for an unknown one."""
    is_there, _ = SERVICES[service]
    return not is_there()


@cache
def docker_answers() -> bool:
    """Whether there is an engine, and Compose 2 or newer."""
    return bool(shutil.which("docker")) and all(
        subprocess.run(["docker", *words], capture_output=True, check=False).returncode
        == 0
        for words in (["info"], ["compose", "version"])
    )


def postgresql_programs() -> Path | None:
    """The folder of initdb, which Debian keeps out of the PATH; the newest release's."""
    found = shutil.which("initdb")
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2])
    )
    return Path(found).resolve().parent if found else next(reversed(folders), None)


@cache
def operators_models() -> Path | None:
    """The folder of npm with the models of kinds that Kubernetes itself has not."""
    if not shutil.which("npm"):
        return None
    npm = ["npm", "root", "--global"]
    folder = Path(subprocess.check_output(npm, text=True).strip(), "@kubernetes-models")
    return folder if (folder / "keda").exists() else None


# What starts it by the name in the PATH is for its own user alone.
RABBITMQ = "/usr/lib/rabbitmq/bin"

# Compose 2 has one name in Debian and another in Ubuntu.
DOCKER = "docker.io docker-buildx docker-compose docker-compose-v2"

# podman, with the options that it needs on this machine.
PODMAN = os.environ.get("PODMAN", "podman").split()

# How to find each service, and Debian's packages that bring it.
SERVICES: dict[str, tuple[Callable[[], object], str]] = {
    "age": (partial(shutil.which, "age"), "age"),
    "alertmanager": (
        partial(shutil.which, "prometheus-alertmanager"),
        "prometheus-alertmanager",
    ),
    "azurite": (partial(shutil.which, "azurite-blob"), "npm"),
    "certbot": (partial(shutil.which, "certbot"), "certbot"),
    "chromium": (partial(shutil.which, "chromium"), "chromium"),
    "curl": (partial(shutil.which, "curl"), "curl"),
    "docker": (docker_answers, DOCKER),
    "gettext": (partial(shutil.which, "msgattrib"), "gettext"),
    # Debian's is too old.
    "kubectl": (partial(shutil.which, "kubectl"), "kubectl"),
    "kubernetes-models": (operators_models, "npm"),
    "nginx": (partial(shutil.which, "nginx"), "nginx"),
    "observatory": (partial(shutil.which, "mdn-http-observatory-scan"), "npm"),
    "openssl": (partial(shutil.which, "openssl"), "openssl"),
    "pebble": (partial(shutil.which, "pebble-challtestsrv"), "pebble"),
    "pgbouncer": (partial(shutil.which, "pgbouncer"), "pgbouncer"),
    "podman": (partial(shutil.which, PODMAN[0]), "podman"),
    "postgresql": (postgresql_programs, "postgresql"),
    "prometheus": (partial(shutil.which, "promtool"), "prometheus"),
    "rabbitmq": (Path(RABBITMQ, "rabbitmq-server").exists, "rabbitmq-server"),
    **{
        f"{name}-exporter": (
            partial(shutil.which, f"prometheus-{name}-exporter"),
            f"prometheus-{name}-exporter",
        )
        for name in ("blackbox", "nginx", "node", "postgres", "redis")
    },
    "rclone": (partial(shutil.which, "rclone"), "rclone"),
    "redis": (partial(shutil.which, "redis-server"), "redis-server"),
    "systemd": (partial(shutil.which, "systemd-analyze"), "systemd"),
    "varnish": (partial(shutil.which, "varnishd"), "varnish"),
    "wrk": (partial(shutil.which, "wrk"), "wrk"),
}

# What Debian's timer runs, twice a day.
RENEWAL = ("certbot", "-q", "renew", "--no-random-sleep-on-renew")

# Node's packages, as npm installs them. What the second one's scripts would fetch from
# elsewhere, the test does not need.
NPM = {
    "azurite": ["azurite"],
    "kubernetes-models": [
        f"@kubernetes-models/{name}"
        for name in (
            *("argo-rollouts@2", "external-secrets@2", "keda@2"),
            "prometheus-operator@6",
        )
    ],
    "observatory": ["--ignore-scripts", "@mdn/mdn-http-observatory@1"],
}


def install() -> None:
    """Install what is missing; exit with a line that names what still is."""
    missing = list(filter(lacks, SERVICES))
    if missing and shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        packages = {name for part in missing for name in SERVICES[part][1].split()}
        # Node's own packages bring it, and bear no other.
        if shutil.which("npm"):
            packages -= {"npm"}
        if packages:
            apt = [*sudo, "apt-get", "--quiet", "--yes"]
            subprocess.run([*apt, "update"], check=False)
            known = subprocess.check_output(["apt-cache", "pkgnames"], text=True)
            packages &= set(known.split())
            subprocess.run([*apt, "install", *sorted(packages)], check=False)
        for service in NPM.keys() & missing:
            npm = [*sudo, "npm", "install", "--global", *NPM[service]]
            subprocess.run(npm, check=False)
        docker_answers.cache_clear()
        operators_models.cache_clear()
    if missing := list(filter(lacks, SERVICES)):
        sys.exit(f"Install and start by your own system's means: {', '.join(missing)}.")


def free_port() -> int:
    """One that nobody listens to, for a server that is started in a while.

    Not of those from 32768 on, which the system gives to whoever connects to anywhere:
    tests open thousands of connections while others start their servers.
    """
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def wait_until(true: Callable[[], object], seconds: float = 120) -> None:
    """Fail the test when this does not come true in time; an OSError is not yet true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if true():
                return
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s: {true.__name__}")


def listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


@contextmanager
def process(
    *command: object, cwd: Path, log: Path, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command beside the test, and end it with the test."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=clean_environment() | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as running,
    ):
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()


class PostgreSQL:
    """A server that a test can stop and start; its data go with the folder."""

    def __init__(self, folder: Path) -> None:
        programs = postgresql_programs()
        assert programs
        self.programs, self.folder, self.port = programs, folder, free_port()
        self.url = f"postgres://app@127.0.0.1:{self.port}/postgres"
        # It refuses to run as root, and to share its folder with others.
        self.user = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self.user = [
                *("setpriv", "--reuid", "postgres", "--regid", "postgres"),
                "--init-groups",
            ]

    def call(self, program: str, *arguments: str | Path) -> None:
        run(*self.user, self.programs / program, *arguments, cwd=self.folder)

    def start(self) -> None:
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
            " -c fsync=off -c wal_level=replica"
        )
        self.control("start", "-o", options, "-l", f"{self.folder}/log")

    def stop(self, mode: str = "immediate") -> None:
        self.control("stop", "-m", mode)

    def control(self, *arguments: str) -> None:
        self.call("pg_ctl", *arguments, "--wait", "-D", self.folder / "data")

    def sql(self, statement: str) -> str:
        """Run a statement on the server itself; return the first column, line by line."""
        psql = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "app"]
        return run(*psql, "-Atc", statement, "postgres", cwd=self.folder).strip()


@contextmanager
def server(fill: Callable[[PostgreSQL], object]) -> Iterator[PostgreSQL]:
    with tempfile.TemporaryDirectory() as name:
        server = PostgreSQL(Path(name))
        fill(server)
        server.start()
        try:
            yield server
        finally:
            # A test may have stopped it.
            with suppress(pytest.fail.Exception):
                server.stop()


def primary() -> AbstractContextManager[PostgreSQL]:
    """An empty PostgreSQL."""

    def fill(server: PostgreSQL) -> None:
        rest = ("--username=app", "--auth=trust", "--no-sync")
        server.call("initdb", "-D", server.folder / "data", *rest)

    return server(fill)


def replica(of: PostgreSQL) -> AbstractContextManager[PostgreSQL]:
    """A copy of a server that follows what is written there."""

    def fill(server: PostgreSQL) -> None:
        source = f"host=127.0.0.1 port={of.port} user=app"
        rest = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        server.call("pg_basebackup", "-D", server.folder / "data", "-d", source, *rest)

    return server(fill)


def copy(of: Path) -> AbstractContextManager[PostgreSQL]:
    """A server on a copy of what one that was stopped has left in its folder."""

    def fill(server: PostgreSQL) -> None:
        # With its owner, who alone may start it.
        run("cp", "-a", of, server.folder / "data", cwd=of)

    return server(fill)


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with primary() as server:
        yield server.url


@contextmanager
def pgbouncer(
    project: Path, port: int, *, mine: int = 0, **settings: object
) -> Iterator[int]:
    """The port of a PgBouncer as the project configures it, in front of a server's port."""
    mine = mine or free_port()
    text = (project / "deploy/pgbouncer/pgbouncer.ini").read_text()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings |= {
            "listen_addr": "127.0.0.1",
            "listen_port": mine,
            "auth_type": "trust",
            "auth_file": folder / "users.txt",
        }
        text = text.replace("host=postgres port=5432", f"host=127.0.0.1 port={port}")
        for key, value in settings.items():
            text, found = re.subn(rf"(?m)^{key} = .*", f"{key} = {value}", text)
            assert found == 1, key
        (folder / "users.txt").write_text('"app" ""')
        (folder / "pgbouncer.ini").write_text(text)
        # It refuses to run as root.
        folder.chmod(0o755)
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = ["pgbouncer", *user, folder / "pgbouncer.ini"]
        with process(*command, cwd=folder, log=folder / "pgbouncer.log"):
            wait_until(lambda: listens(mine))
            yield mine


@contextmanager
def redis(folder: Path, port: int, *options: str) -> Iterator[str]:
    """The address of a Redis, empty unless options keep what one in the folder had."""
    command = f"redis-server --bind 127.0.0.1 --port {port} --save".split()
    with process(*command, "", *options, cwd=folder, log=folder / "redis.log"):
        wait_until(lambda: listens(port))
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """The address of an empty RabbitMQ."""
    port, names, nodes = free_port(), free_port(), free_port()
    data, user = Path(tempfile.mkdtemp()), []
    if os.geteuid() == 0:
        shutil.chown(data, "rabbitmq", "rabbitmq")
        user = [
            "setpriv",
            "--reuid",
            "rabbitmq",
            "--regid",
            "rabbitmq",
            "--init-groups",
        ]
    env = {
        "HOME": str(data),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_DIST_PORT": str(nodes),
        "RABBITMQ_ENABLED_PLUGINS": "",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "plugins"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_MNESIA_BASE": str(data),
        "RABBITMQ_NODENAME": f"plinth{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_PID_FILE": str(data / "pid"),
    }
    command = [*user, f"{RABBITMQ}/rabbitmq-server"]
    try:
        with process(*command, cwd=data, log=folder / "rabbitmq.log", env=env):
            wait_until(lambda: listens(port))
            yield f"amqp://127.0.0.1:{port}//"
    finally:
        # It started a server of names, which would outlive it.
        kill = ["epmd", "-kill"]
        subprocess.run(kill, env=os.environ | env, capture_output=True, check=False)
        shutil.rmtree(data)


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """The address of a server that speaks S3."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "--port", str(port)]
    with process(*command, cwd=folder, log=folder / "moto.log"):
        wait_until(lambda: listens(port))
        yield f"http://127.0.0.1:{port}"


@contextmanager
def gunicorn(project: Path, log: Path, **variables: str) -> Iterator[str]:
    """The address of the project under its production settings, as a server runs it."""
    port = free_port()
    env = PRODUCTION | {"WEB_CONCURRENCY": "1"} | variables | {"PORT": str(port)}
    command = ["gunicorn", "--config", "python:plinth.server.gunicorn", "config.wsgi"]
    with process(*venv(*command, of=project), cwd=project, log=log, env=env):
        wait_until(lambda: listens(port))
        yield f"http://127.0.0.1:{port}"


@contextmanager
def gunicorn_on(
    path: Path,
    project: Path,
    log: Path,
    *options: str,
    application: str = "config.wsgi",
    **variables: str,
) -> Iterator[subprocess.Popen[bytes]]:
    """The project under its production settings, behind a unix socket of this path."""
    env = PRODUCTION | {"WEB_BIND": f"unix:{path}"} | variables
    words = ["gunicorn", "--config", "python:plinth.server.gunicorn", *options]
    command = venv(*words, application, of=project)
    with process(*command, cwd=project, log=log, env=env) as running:

        def listens() -> bool:
            assert running.poll() is None, log.read_text()
            return path.is_socket()

        wait_until(listens)
        yield running


def venv(program: str, *arguments: str | Path, of: Path) -> list[str | Path]:
    """A command line with a program from a project's environment."""
    return [of / ".venv/bin" / program, *arguments]


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    text: str


class Asis(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *arguments: object) -> None:
        return None


def get(url: str, host: str = "example.com", **headers: str) -> Answer:
    """Fetch a page, whatever its status; give up after 30 seconds."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        url, headers=({"Host": host} if host else {}) | named
    )
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        # Certificates here are of the tests' own making.
        urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
        Asis,
    )
    try:
        with opener.open(request, timeout=120) as response:
            return Answer(response.status, response.headers, response.read().decode())
    except urllib.error.HTTPError as error:
        given = cast("HTTPMessage", error.headers)
        return Answer(error.code, given, error.read().decode())


class Client:
    """A browser: it stays connected to a site over https, and connects again where that closed.

    A request into a connection that was just closed is sent again, once (RFC 9110, 9.2.2).
    """

    def __init__(
        self, port: int, address: str = "127.0.0.1", timeout: int = 120
    ) -> None:
        self.site, self.timeout = (address, port), timeout
        self.connection: HTTPConnection | None = None
        self.connections = 0

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> Answer:
        resent = self.connection and method == "GET"
        try:
            return self.send(path, method, body, headers)
        except (ConnectionError, BadStatusLine, ssl.SSLEOFError):
            if not resent:
                raise
            return self.send(path, method, body, headers)

    def send(
        self, path: str, method: str, body: str | None, headers: dict[str, str]
    ) -> Answer:
        connection = self.connection or self.connect()
        # It stays only where the answer says so.
        self.connection = None
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            given = Answer(answer.status, answer.headers, answer.read().decode())
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self.connection = connection
        return given

    def connect(self) -> HTTPConnection:
        self.connections += 1
        connection = HTTPConnection("example.com", timeout=self.timeout)
        plain = socket.create_connection(self.site, self.timeout)
        context = ssl._create_unverified_context()
        connection.sock = context.wrap_socket(plain, server_hostname="example.com")
        return connection

    def close(self) -> None:
        if self.connection:
            self.connection.close()


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield listener.getsockname()[1]


@contextmanager
def collector(
    answer: Callable[[str, bytes], bytes], certificate: Path | None = None
) -> Iterator[int]:
    """The port of a web server that answers each POST with `answer(path, body)`.

    Bodies arrive unpacked. It speaks https when there is a certificate.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            match self.headers["Content-Encoding"]:
                case "br":
                    body = brotli.decompress(body)
                case "gzip":
                    body = gzip.decompress(body)
                case "deflate":
                    body = zlib.decompress(body)
            reply = answer(self.path, body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments: object) -> None:
            """Say nothing: what arrives is what counts."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1, with its key in the same file."""
    file = folder / "certificate.pem"
    run(
        *[
            "openssl",
            "req",
            "-x509",
            "-nodes",
            "-newkey",
            "rsa:2048",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
        ],
        *f"-addext subjectAltName=IP:127.0.0.1 -keyout {file} -out {file}.x".split(),
        cwd=folder,
    )
    file.write_text(file.read_text() + Path(f"{file}.x").read_text())
    return file


@contextmanager
def nginx(folder: Path, port: int, servers: str) -> Iterator[None]:
    """Nginx with these servers, one of them on the port; all it writes is in the folder."""
    configuration = folder / "nginx.conf"
    configuration.write_text(f"""
        daemon off;
        pid {folder}/nginx.pid;
        error_log {folder}/nginx.log;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path {folder}/body;
            proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            {servers}
        }}
    """)
    user = f"user {getpass.getuser()};"
    command = ["nginx", "-c", configuration, "-e", folder / "nginx.log", "-g", user]
    with process(*command, cwd=folder, log=folder / "nginx.out"):
        wait_until(lambda: listens(port))
        yield


@contextmanager
def cdn(folder: Path, origin: str) -> Iterator[str]:
    """The domain of a caching proxy, over https, in front of an origin."""
    port, certificate = free_port(), self_signed(folder)
    servers = f"""
        proxy_cache_path {folder}/cache keys_zone=cdn:1m;
        server {{
            listen 127.0.0.1:{port} ssl;
            ssl_certificate {certificate};
            ssl_certificate_key {certificate};
            location / {{
                proxy_pass {origin}/;
                proxy_cache cdn;
                add_header X-Cache $upstream_cache_status;
            }}
        }}
    """
    with nginx(folder, port, servers):
        yield f"127.0.0.1:{port}"


@contextmanager
def https(folder: Path, origin: str) -> Iterator[tuple[int, int]]:
    """The ports, for http and https, of a proxy that ends TLS in front of an origin."""
    plain, port, certificate = free_port(), free_port(), self_signed(folder)
    servers = f"""
        server {{
            listen 127.0.0.1:{plain};
            location / {{
                return 301 https://127.0.0.1:{port}$request_uri;
            }}
        }}
        server {{
            listen 127.0.0.1:{port} ssl;
            ssl_certificate {certificate};
            ssl_certificate_key {certificate};
            location / {{
                proxy_pass {origin}/;
                proxy_set_header Host example.com;
                proxy_set_header X-Forwarded-Proto https;
            }}
        }}
    """
    with nginx(folder, port, servers):
        yield plain, port


class Front(NamedTuple):
    """The project's nginx: its ports for http and https, and the folder it lives in."""

    http: int
    https: int
    folder: Path

    @property
    def log(self) -> list[dict[str, str]]:
        """What it says of each request."""
        lines = (self.folder / "log/access.log").read_text().splitlines()
        return [json.loads(line) for line in lines]


def files_limit() -> int:
    """How many files a process of this user may open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def configure_nginx(project: Path, folder: Path, plain: int, tls: int) -> Path:
    """The project's configuration of nginx, at home in a folder; returns its main file."""
    for name in ("log", "cache", "tls", "run", "srv", "acme"):
        (folder / name).mkdir()
    shutil.copytree(project / "deploy/nginx", folder / "site")
    files = files_limit()
    moves = {
        r"user www-data;": f"user {getpass.getuser()};",
        r"/run/nginx\.pid": f"{folder}/nginx.pid",
        r"worker_rlimit_nofile 65536": f"worker_rlimit_nofile {files}",
        r"worker_connections 32768": f"worker_connections {files // 2}",
        r"/var/log/nginx/": f"{folder}/log/",
        r"/var/cache/nginx/": f"{folder}/cache/",
        r"/etc/nginx/tls/": f"{folder}/tls/",
        r"/etc/nginx/site/": f"{folder}/site/",
        r"/run/app/": f"{folder}/run/",
        r"root /srv;": f"root {folder}/srv;",
        r"/var/www/acme": f"{folder}/acme",
        r"listen 80\b": f"listen 127.0.0.1:{plain}",
        r"listen 443\b": f"listen 127.0.0.1:{tls}",
        # Not every machine has them.
        r" *listen \[::\]:.*\n": "",
    }
    for pattern, replacement in moves.items():
        found = 0
        for file in (folder / "site").glob("*.conf"):
            text, count = re.subn(pattern, replacement, file.read_text())
            file.write_text(text)
            found += count
        assert found, pattern
    return folder / "site/nginx.conf"


@contextmanager
def front(project: Path, folder: Path, *trusted: str) -> Iterator[Front]:
    """Nginx as the project configures it, in front of `folder/run/blue.sock`.

    Load balancers in the trusted networks say who visits.
    """
    plain, tls = free_port(), free_port()
    main = configure_nginx(project, folder, plain, tls)
    if trusted:
        said = main.with_name("real-ip.conf")
        text = re.sub(r"(?m)^# (real_ip_|set_real)", r"\1", said.read_text())
        [network] = trusted
        said.write_text(text.replace("10.0.0.0/8", network))
    script = folder / "site/self-signed.sh"
    run("sh", script, "example.com", folder / "tls", cwd=folder)
    command = ["nginx", "-c", main, "-e", folder / "log/error.log", "-g", "daemon off;"]
    with process(*command, cwd=folder, log=folder / "nginx.out"):
        wait_until(lambda: listens(tls))
        yield Front(plain, tls, folder)


class Authority(NamedTuple):
    """Who gives certificates: its root, and the environment in which certbot asks it."""

    root: Path
    env: dict[str, str]

    def serial(self, port: int, name: str = "example.com") -> str:
        """The number of what a site shows to who trusts this one; empty, if it is others'."""
        context = ssl.create_default_context(cafile=self.root)
        with socket.create_connection(("127.0.0.1", port), 30) as plain:
            try:
                with context.wrap_socket(plain, server_hostname=name) as wrapped:
                    return str((wrapped.getpeercert() or {})["serialNumber"])
            except ssl.SSLCertVerificationError:
                return ""


@contextmanager
def authority(folder: Path, port: int) -> Iterator[Authority]:
    """An ACME server that looks for every name at a port of this machine.

    Its certificates are good for seven days, so that each is to be renewed at once.
    """
    names, there, own = free_port(), free_port(), self_signed(folder)
    settings = {
        "listenAddress": f"127.0.0.1:{there}",
        "managementListenAddress": f"127.0.0.1:{(management := free_port())}",
        "certificate": str(own),
        "privateKey": str(own),
        "httpPort": port,
        "tlsPort": port,
        "certificateValidityPeriod": 7 * 86400,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    dns = ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{names}", "-defaultIPv6="]
    dns += ["-management", f"127.0.0.1:{free_port()}"]
    # It would answer for the name itself.
    dns += ["-http01=", "-https01=", "-tlsalpn01="]
    acme = ["pebble", "-config", "pebble.json", "-dnsserver", f"127.0.0.1:{names}"]
    # No waits and no tricks; and a name is to be proven each time.
    ways = {
        "PEBBLE_AUTHZREUSE": "0",
        "PEBBLE_VA_NOSLEEP": "1",
        "PEBBLE_WFE_NONCEREJECT": "0",
    }
    log, root = folder / "pebble.log", folder / "root.pem"
    (folder / "letsencrypt").mkdir()
    (folder / "letsencrypt/cli.ini").write_text(f"""
        server = https://127.0.0.1:{there}/dir
        config-dir = {folder}/letsencrypt
        work-dir = {folder}/letsencrypt/work
        logs-dir = {folder}/letsencrypt/logs
        non-interactive = true
        agree-tos = true
        register-unsafely-without-email = true
    """)
    with (
        process(*dns, cwd=folder, log=folder / "dns.log"),
        process(*acme, cwd=folder, log=log, env=ways),
    ):
        wait_until(lambda: listens(names) and listens(there) and listens(management))
        root.write_text(get(f"https://127.0.0.1:{management}/roots/0", host="").text)
        env = {"XDG_CONFIG_HOME": str(folder), "REQUESTS_CA_BUNDLE": str(own)}
        yield Authority(root, env)


@contextmanager
def google_storage(folder: Path) -> Iterator[str]:
    """The address of a server that speaks as Google's storage does, with one bucket."""
    port = free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--in-memory"]
    options = ["--host", "127.0.0.1", "--port", str(port), "--default-bucket=uploads"]
    with process(*command, *options, cwd=folder, log=folder / "google.log"):
        wait_until(lambda: listens(port))
        yield f"http://127.0.0.1:{port}"


def google_key(folder: Path) -> Path:
    """The key of a service account, as Google hands it out; it signs addresses."""
    file = folder / "key.json"
    run("openssl", "genrsa", "-out", "key.pem", "2048", cwd=folder)
    file.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "trial",
                "private_key_id": "1",
                "private_key": (folder / "key.pem").read_text(),
                "client_email": "trial@example.com",
                "token_uri": "http://127.0.0.1:1/",
            }
        )
    )
    return file


@contextmanager
def azure_storage(folder: Path, account: str) -> Iterator[int]:
    """The port of a server that speaks as Azure's storage does, with one account."""
    port = free_port()
    command = ["azurite-blob", "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    env = {"AZURITE_ACCOUNTS": f"{account}:{AZURE_KEY}"}
    log = folder / "azure.log"
    with process(*command, *options, cwd=folder, log=log, env=env):
        wait_until(lambda: listens(port))
        yield port


if __name__ == "__main__":
    install()
