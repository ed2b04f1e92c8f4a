"""The connections that Django would make, in each mode of serving."""

import json
from pathlib import Path
from typing import Any

import pytest

from plinth_tests.processes import COMPLETE, python, run_code

pytestmark = pytest.mark.practice(5, 34)

DESCRIBE = """
import json
from django.db import connection
names = ["CONN_MAX_AGE", "CONN_HEALTH_CHECKS"]
print(json.dumps([connection.settings_dict[name] for name in names]))
"""
DIRECT = "postgres://app:secret@db.example.com/app"
PGBOUNCER = {
    "DATABASE_URL": "postgres://app@localhost:6432/app",
    "DATABASE_POOLER": "pgbouncer",
    "DATABASE_DIRECT_URL": DIRECT,
}
NONE = {"DATABASE_POOLER": "none"}


@pytest.mark.practice(4)
@pytest.mark.parametrize(
    ("server", "variables", "age"),
    [
        ("wsgi", {}, 0),  # the pool keeps it
        ("wsgi", NONE, 60),
        ("wsgi", NONE | {"CONN_MAX_AGE": "5"}, 5),
        ("wsgi", PGBOUNCER, 60),
        ("asgi", NONE | {"CONN_MAX_AGE": "5"}, 0),
    ],
)
def test_a_connection_is_kept_only_where_a_thread_finds_it_again(
    server: str, variables: dict[str, str], age: int
) -> None:
    done = run_code(f"import config.{server}{DESCRIBE}", **(COMPLETE | variables))

    assert json.loads(done.stdout) == [age, True]


def connection_parameters(**variables: str) -> dict[str, Any]:
    code = """
import config.wsgi, json
from django.db import connection
print(json.dumps(connection.get_connection_params(), default=str))
"""
    parameters: dict[str, Any] = json.loads(
        run_code(code, **(COMPLETE | variables)).stdout
    )
    return parameters


def test_postgresql_limits_what_a_connection_may_do() -> None:
    parameters = connection_parameters(DATABASE_LOCK_TIMEOUT="3")

    assert parameters["options"].split(" -c ") == [
        "-c statement_timeout=30s",
        "lock_timeout=3s",
        "idle_in_transaction_session_timeout=60s",
    ]
    assert parameters["connect_timeout"] == 5
    assert parameters["application_name"]
    assert parameters["sslmode"] == "verify-full"


def test_what_the_url_says_stands_above_the_defaults() -> None:
    url = "postgres://app@localhost/app?connect_timeout=2&application_name=reports"

    parameters = connection_parameters(DATABASE_URL=url)

    assert int(parameters["connect_timeout"]) == 2
    assert parameters["application_name"] == "reports"
    assert "lock_timeout" in parameters["options"]


def describe(what: str, **variables: str) -> Any:
    code = f"""
import config.wsgi, json
from django.db import connections
from plinth.database import routers
print(json.dumps({what}, default=str))
"""
    return json.loads(run_code(code, **(COMPLETE | variables)).stdout)


def test_a_pool_is_as_large_as_it_is_told_and_tries_what_it_gives() -> None:
    pool = "(lambda pool: [pool.min_size, pool.max_size, pool._check is not None])"
    asked = f"{pool}(connections['default'].pool)"

    assert describe(asked) == [1, 10, True]
    assert describe(asked, DATABASE_POOL_SIZE="3") == [1, 3, True]
    assert describe("connections['default'].pool", **NONE) is None


def test_behind_pgbouncer_nothing_outlives_its_transaction() -> None:
    settings = describe("connections['default'].settings_dict", **PGBOUNCER)
    direct = describe("connections['direct'].settings_dict", **PGBOUNCER)

    assert settings["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert settings["OPTIONS"].keys() == {"application_name", "connect_timeout"}
    # Migrations go past it, and read in chunks.
    assert direct["HOST"] == "db.example.com"
    assert direct["DISABLE_SERVER_SIDE_CURSORS"] is False
    assert "options" in direct["OPTIONS"]


@pytest.mark.parametrize("url", [{}, PGBOUNCER])
def test_statements_are_prepared_where_it_is_asked_for(url: dict[str, str]) -> None:
    names = ["server_side_binding", "prepare_threshold"]
    asked = f"[connections['default'].settings_dict['OPTIONS'].get(n) for n in {names}]"

    assert describe(asked, **url) == [None, None]
    assert describe(asked, **url, DATABASE_PREPARED_STATEMENTS="true") == [True, 5]


def test_long_reads_go_past_pgbouncer() -> None:
    asked = "routers.chunked('default')"

    assert describe(asked, **PGBOUNCER) == "direct"
    assert describe(asked) == "default"


def test_migrations_have_no_time_limit_but_for_locks() -> None:
    options = describe("connections['direct'].settings_dict['OPTIONS']['options']")

    assert "statement_timeout=0s" in options
    assert "lock_timeout=10s" in options


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"DATABASE_POOLER": "pgbouncer"},
            "DATABASE_DIRECT_URL must be the server's own URL beside a PgBouncer's",
        ),
        (
            PGBOUNCER | {"DATABASE_URL": "sqlite://"},
            "DATABASE_POOLER must be none, unless DATABASE_URL names PostgreSQL",
        ),
        (
            {"DATABASE_POOLER": "pgpool"},
            "DATABASE_POOLER must be one of native, pgbouncer, none",
        ),
        (
            {"DATABASE_URL": "postgres://app@localhost/app?pool=true"},
            (
                "DATABASE_URL must be like postgres://user:password@host:5432/name, "
                "without pool: DATABASE_POOLER chooses it"
            ),
        ),
    ],
)
def test_a_pooler_that_can_not_work_stops_the_start(
    variables: dict[str, str], line: str
) -> None:
    done = python("-c", "import config.wsgi", **(COMPLETE | variables))

    assert (done.returncode, done.stderr) == (1, f"The variable {line}.\n")


def test_no_connection_outlives_the_fork_of_a_server() -> None:
    """Both processes would talk on it, each hearing the other's answers."""
    code = """
import config.wsgi
from config import gunicorn
from django.db import connections
connection = connections["default"]
pool = connection.pool
pool.open()
gunicorn.pre_fork(None, None)
print(pool.closed, connection.pool is not pool)
"""
    assert run_code(code, **COMPLETE).stdout.split() == ["True", "True"]


def test_sqlite_lets_readers_and_one_writer_work_together(tmp_path: Path) -> None:
    code = """
import config.wsgi
from django.db import connection
with connection.cursor() as cursor:
    for name in ("journal_mode", "synchronous"):
        print(cursor.execute(f"PRAGMA {name}").fetchone()[0])
print(connection.transaction_mode)
"""
    url = f"sqlite:///{tmp_path}/db.sqlite3"

    done = run_code(code, **(COMPLETE | {"DATABASE_URL": url}))

    assert done.stdout.split() == ["wal", "1", "IMMEDIATE"]
