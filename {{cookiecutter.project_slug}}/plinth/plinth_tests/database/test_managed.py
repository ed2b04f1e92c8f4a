"""A database on another host: TLS, verified, and as many connections as it allows."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plinth.practices.probes import SYSTEM_CA
from plinth_tests import postgresql
from plinth_tests.postgresql import Server, certify
from plinth_tests.processes import COMPLETE, evaluate, run_code

pytestmark = pytest.mark.practice(41)

CONNECT = """
import django
django.setup()
from django.db import connection, OperationalError
try:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        result = cursor.fetchone()[0]
except OperationalError as error:
    result = str(error)
"""
CHECK = """
import django
from django.core.management import call_command
django.setup()
call_command("check", {}deploy=True)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if not shutil.which("psql"):
        pytest.skip("needs psql")
    with postgresql.server() as server:
        yield server


def connect(server: Server, ca: Path, host: str = "localhost") -> Any:
    """Whether TLS is in use, or the error."""
    url = (
        f"postgres://app@{host}:{server.port}/app?sslmode=verify-full&sslrootcert={ca}"
    )
    variables = {"DATABASE_URL": url, "DATABASE_POOLER": "none"}
    return evaluate(CONNECT, **COMPLETE | variables)


def test_server_of_the_ca_file_is_trusted(server: Server) -> None:
    assert connect(server, server.folder / "server-ca.pem") is True


def test_server_of_another_ca_is_refused(server: Server, tmp_path: Path) -> None:
    certify(tmp_path, "other")

    error = connect(server, tmp_path / "other-ca.pem")

    assert "certificate verify failed" in error


def test_server_of_another_name_is_refused(server: Server) -> None:
    error = connect(server, server.folder / "server-ca.pem", host="127.0.0.1")

    assert 'does not match host name "127.0.0.1"' in error


REMOTE = "postgres://app:secret@db.example.com/app"
REPLICA = REMOTE.replace("db.", "replica.")
VERIFIED = COMPLETE["DATABASE_URL"]
ADD = f"sslmode=verify-full&sslrootcert={SYSTEM_CA} (or your provider's CA file) to"


@pytest.mark.parametrize(
    ("variables", "warning"),
    [
        (
            {"DATABASE_URL": REMOTE},
            (
                "the identity of db.example.com is not verified (sslmode is prefer).\n"
                f"\tHINT: add {ADD} DATABASE_URL"
            ),
        ),
        (
            {"DATABASE_URL": f"{REMOTE}?sslmode=verify-ca"},
            "the identity of db.example.com is not verified (sslmode is verify-ca).\n",
        ),
        (
            {"DATABASE_URL": REMOTE, "PGSSLMODE": "require"},
            "the identity of db.example.com is not verified (sslmode is require).\n",
        ),
        (
            {"DATABASE_URL": f"{REMOTE}?sslmode=verify-full", "HOME": "/nonexistent"},
            (
                "connections to db.example.com fail without a CA file.\n"
                f"\tHINT: add sslrootcert={SYSTEM_CA} (or your provider's CA file) to "
                "DATABASE_URL"
            ),
        ),
        (
            {"DATABASE_URL": f"{REMOTE}?sslmode=verify-full&sslrootcert=/no/ca.pem"},
            (
                "the CA file /no/ca.pem does not exist.\n"
                "\tHINT: correct sslrootcert in DATABASE_URL"
            ),
        ),
        (
            {"DATABASE_URL": f"{REMOTE}?sslmode=verify-full&sslrootcert=system"},
            (
                "psycopg's wheels do not find the system's CAs.\n"
                f"\tHINT: write sslrootcert={SYSTEM_CA} into DATABASE_URL"
            ),
        ),
        (
            {"DATABASE_REPLICA_URL": f"{VERIFIED},{REPLICA}?sslmode=require"},
            (
                "the identity of replica.example.com is not verified (sslmode is require).\n"
                f"\tHINT: add {ADD} DATABASE_REPLICA_URL"
            ),
        ),
        (
            {"DATABASE_DIRECT_URL": f"{REMOTE}?sslmode=require"},
            (
                "the identity of db.example.com is not verified (sslmode is require).\n"
                f"\tHINT: add {ADD} DATABASE_DIRECT_URL"
            ),
        ),
    ],
)
def test_unverified_connection_is_a_warning_that_names_the_parameter(
    variables: dict[str, str], warning: str
) -> None:
    done = run_code(CHECK.format(""), **COMPLETE | variables)

    [found] = [part for part in done.stderr.split("?: ") if "(practices.W041)" in part]
    assert found.startswith(f"(practices.W041) Managed databases: {warning}")


@pytest.mark.parametrize(
    "url",
    [
        VERIFIED,
        "postgres://app@localhost/app",
        "postgres://app@127.0.0.1/app",
        "postgres://app@%2Frun%2Fpostgresql/app",
        # A container of the same Compose project.
        "postgres://app@postgres:5432/app",
    ],
)
def test_verified_and_local_databases_are_no_warning(url: str) -> None:
    done = run_code(CHECK.format(""), **COMPLETE | {"DATABASE_URL": url})

    assert "practices.W041" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "limit", "warning"),
    [
        ({}, -1, ""),
        (
            {"DATABASE_POOL_SIZE": "25"},
            -1,
            (
                "The web's 2 processes of 25 connections to 'default' are 100 while two "
                "releases run, and the server allows 97."
            ),
        ),
        ({"DATABASE_POOL_SIZE": "24"}, -1, ""),
        (
            {},
            30,
            (
                "The web's 2 processes of 10 connections to 'default' are 40 while two "
                "releases run, and the server allows 30."
            ),
        ),
        (
            {"DATABASE_POOLER": "none", "WEB_THREADS": "25"},
            -1,
            "The web's 2 processes of 25 connections to 'default' are 100",
        ),
    ],
)
def test_pools_are_compared_with_what_the_server_allows(
    server: Server, variables: dict[str, str], limit: int, warning: str
) -> None:
    server.admin(f"ALTER ROLE app CONNECTION LIMIT {limit}")
    variables = {
        "DATABASE_URL": f"postgres://app@localhost:{server.port}/app",
        "WEB_CONCURRENCY": "2",
        **variables,
    }

    done = run_code(CHECK.format('databases=["default"], '), **COMPLETE | variables)

    assert ("plinth.W006" in done.stderr) is bool(warning)
    assert warning in done.stderr
