"""PgBouncer's file agrees with what Django asks of it and what PostgreSQL gives."""

import re
from configparser import ConfigParser

import pytest
from django.conf import settings

from plinth_tests.processes import COMPLETE, run_code

pytestmark = pytest.mark.practice(34)

DEPLOY = settings.BASE_DIR / "deploy"
SHOW = (
    "import config.wsgi; from django.db import connections; print(connections['{}'].{})"
)


def pgbouncer() -> ConfigParser:
    parser = ConfigParser(interpolation=None, delimiters=["="])
    parser.read(DEPLOY / "pgbouncer" / "pgbouncer.ini")
    return parser


def postgresql(name: str) -> str:
    text = (DEPLOY / "postgresql" / "postgresql.conf").read_text()
    found: list[str] = re.findall(rf"(?m)^{name} = (\S+)", text)
    assert len(found) == 1
    return found[0]


def test_a_connection_is_a_clients_for_a_transaction() -> None:
    options = pgbouncer()["pgbouncer"]

    assert options["pool_mode"] == "transaction"
    # Django asks for none that would outlive it.
    behind = {"DATABASE_POOLER": "pgbouncer", "DATABASE_DIRECT_URL": "postgres://a@b/c"}
    shown = SHOW.format("default", "settings_dict['DISABLE_SERVER_SIDE_CURSORS']")
    assert run_code(shown, **COMPLETE | behind).stdout.strip() == "True"


def test_nobody_gets_in_without_a_password() -> None:
    options = pgbouncer()["pgbouncer"]

    assert options["auth_type"] == "scram-sha-256"
    assert options["auth_file"] == "/etc/pgbouncer/userlist.txt"
    assert (
        "/etc/pgbouncer/userlist.txt"
        in (DEPLOY / "compose" / "compose.yml").read_text()
    )


def test_a_connection_may_do_what_django_would_let_it() -> None:
    shown = SHOW.format("default", "settings_dict['OPTIONS']['options']")
    without = run_code(shown, **COMPLETE | {"DATABASE_POOLER": "none"}).stdout
    limits = dict(re.findall(r"-c (\w+)=(\w+)", without))

    query = pgbouncer()["databases"]["*"]

    assert len(limits) == 3
    assert dict(re.findall(r"SET (\w+) = ''(\w+)''", query)) == limits


def test_everybody_who_may_wait_has_a_place() -> None:
    options = pgbouncer()["pgbouncer"]
    pool, clients = (
        int(options[name]) for name in ("default_pool_size", "max_client_conn")
    )
    compose = (DEPLOY / "compose" / "compose.yml").read_text()
    [files] = map(int, re.findall(r"nofile: (\d+)", compose))

    # Beside the pool come migrations, backups and somebody who looks.
    assert int(postgresql("max_connections")) >= pool + 10
    assert clients + pool < files
    # Who waits hears of it before a proxy gives up on the page.
    assert int(options["query_wait_timeout"]) < 60
