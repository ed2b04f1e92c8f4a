"""PgBouncer's configuration agrees with Django's and PostgreSQL's."""

import re
from configparser import ConfigParser

import pytest
from django.conf import settings

from plinth_tests.processes import COMPLETE, run_code

pytestmark = pytest.mark.practice(34)

DEPLOY = settings.BASE_DIR / "deploy"
if not (DEPLOY / "pgbouncer").exists():
    pytest.skip("no deploy/pgbouncer in this project", allow_module_level=True)
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


def test_pooling_is_per_transaction() -> None:
    options = pgbouncer()["pgbouncer"]

    assert options["pool_mode"] == "transaction"
    # Django uses nothing that would outlive a transaction.
    behind = {"DATABASE_POOLER": "pgbouncer", "DATABASE_DIRECT_URL": "postgres://a@b/c"}
    shown = SHOW.format("default", "settings_dict['DISABLE_SERVER_SIDE_CURSORS']")
    assert run_code(shown, **COMPLETE | behind).stdout.strip() == "True"


def test_clients_authenticate_with_scram() -> None:
    options = pgbouncer()["pgbouncer"]

    assert options["auth_type"] == "scram-sha-256"
    assert options["auth_file"] == "/etc/pgbouncer/userlist.txt"
    [host] = [*DEPLOY.glob("compose/compose.yml"), *DEPLOY.glob("systemd/servers.sh")]
    assert "/etc/pgbouncer/userlist.txt" in host.read_text()


def test_time_limits_are_those_of_django() -> None:
    shown = SHOW.format("default", "settings_dict['OPTIONS']['options']")
    without = run_code(shown, **COMPLETE | {"DATABASE_POOLER": "none"}).stdout
    limits = dict(re.findall(r"-c (\w+)=(\w+)", without))

    query = pgbouncer()["databases"]["*"]

    assert len(limits) == 3
    assert dict(re.findall(r"SET (\w+) = ''(\w+)''", query)) == limits


def test_postgresql_and_open_files_suffice_for_the_pool() -> None:
    options = pgbouncer()["pgbouncer"]
    pool, clients = (
        int(options[name]) for name in ("default_pool_size", "max_client_conn")
    )
    [limit] = [
        *DEPLOY.glob("compose/compose.yml"),
        *DEPLOY.glob("systemd/units/pgbouncer.service.d/site.conf"),
    ]
    [files] = map(int, re.findall(r"(?i)nofile(?:: |=)(\d+)", limit.read_text()))

    # Beside the pool there are migrations, backups and psql.
    assert int(postgresql("max_connections")) >= pool + 10
    assert clients + pool < files
    # A waiting client gets an error before the proxy's timeout.
    assert int(options["query_wait_timeout"]) < 60
