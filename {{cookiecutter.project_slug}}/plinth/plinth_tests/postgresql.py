"""A PostgreSQL server of the tests' own, with TLS, on a free port."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest


def programs() -> Path | None:
    """The folder of initdb, which Debian keeps out of the PATH; the newest release's."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return max(folders, key=lambda path: int(path.parts[-2]), default=None)


def call(*command: object, **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def certify(folder: Path, name: str) -> None:
    """Write a CA, and the certificate of a server at `localhost`: NAME-ca.pem, NAME.pem..."""
    ca, key = folder / f"{name}-ca.pem", folder / f"{name}-ca.key"
    new = ("openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec")
    curve = ("-pkeyopt", "ec_paramgen_curve:P-256")
    call(*new, *curve, "-subj", f"/CN={name}", "-keyout", key, "-out", ca)
    call(
        *(*new, *curve, "-subj", "/CN=localhost", "-CA", ca, "-CAkey", key),
        *("-addext", "subjectAltName=DNS:localhost"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"),
    )


class Server(NamedTuple):
    """Roles: `postgres`, and `app`, which owns the database `app`."""

    port: int
    # With the CA's certificate: server-ca.pem.
    folder: Path

    def sql(self, statement: str, user: str = "app", database: str = "app") -> str:
        """Run statements; return the rows, line by line."""
        command = ("psql", "-h", "localhost", "-p", str(self.port), "-U", user)
        options = ("-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database)
        return call(*command, *options, "-c", statement).strip()

    def admin(self, *statements: str) -> None:
        for statement in statements:
            self.sql(statement, "postgres", "postgres")


@contextmanager
def server() -> Iterator[Server]:
    found = programs()
    if not found:
        pytest.skip("needs PostgreSQL's server")
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    with socket.socket() as listener, TemporaryDirectory() as name:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.close()
        folder = Path(name)
        with running(found, folder, port):
            server = Server(port, folder)
            server.admin("CREATE ROLE app LOGIN", "CREATE DATABASE app OWNER app")
            yield server


@contextmanager
def running(found: Path, folder: Path, port: int) -> Iterator[None]:
    certify(folder, "server")
    # PostgreSQL refuses to run as root, and the folder is its own.
    user = []
    if os.geteuid() == 0:
        for path in (folder, folder / "server.key"):
            shutil.chown(path, "postgres", "postgres")
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    data = folder / "data"
    initdb = ("--username=postgres", "--auth=trust", "--no-sync")
    call(*user, found / "initdb", "-D", data, *initdb)
    (data / "postgresql.auto.conf").write_text(f"""
port = {port}
listen_addresses = 'localhost'
unix_socket_directories = ''
fsync = off
ssl = on
ssl_cert_file = '{folder}/server.pem'
ssl_key_file = '{folder}/server.key'
""")
    control = (*user, found / "pg_ctl", "--wait", "-D", data)
    call(*control, "start", "-l", folder / "log")
    try:
        yield
    finally:
        call(*control, "stop", "-m", "immediate")
