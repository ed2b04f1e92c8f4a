"""DATABASES: what a connection would have, in each way of pooling."""

from pathlib import Path
from typing import Any

import pytest

from plinth_tests.processes import COMPLETE, evaluate, run

pytestmark = pytest.mark.practice(5, 34)

DIRECT = "postgres://app:secret@db.example.com/app"
PGBOUNCER = {
    "DATABASE_URL": "postgres://app@localhost:6432/app",
    "DATABASE_POOLER": "pgbouncer",
    "DATABASE_DIRECT_URL": DIRECT,
}
NONE = {"DATABASE_POOLER": "none"}


def value(expression: str, server: str = "wsgi", **variables: str) -> Any:
    """Evaluate an expression where production's settings are loaded."""
    code = f"""
import config.{server}
from django.db import connection, connections
from plinth.database import routers
result = {expression}
"""
    return evaluate(code, **COMPLETE | variables)


@pytest.mark.practice(4)
@pytest.mark.parametrize(
    ("server", "variables", "age"),
    [
        ("wsgi", {}, 0),  # the pool owns it
        ("wsgi", NONE, 60),
        ("wsgi", NONE | {"CONN_MAX_AGE": "5"}, 5),
        ("wsgi", PGBOUNCER, 60),
        ("asgi", NONE | {"CONN_MAX_AGE": "5"}, 0),
    ],
)
def test_connection_persists_only_where_its_thread_serves_again(
    server: str, variables: dict[str, str], age: int
) -> None:
    names = ["CONN_MAX_AGE", "CONN_HEALTH_CHECKS"]
    expression = f"[connection.settings_dict[name] for name in {names}]"

    assert value(expression, server, **variables) == [age, True]


def test_postgresql_limits_statements_and_locks() -> None:
    parameters = value("connection.get_connection_params()", DATABASE_LOCK_TIMEOUT="3")

    assert parameters["options"].split(" -c ") == [
        "-c statement_timeout=30s",
        "lock_timeout=3s",
        "idle_in_transaction_session_timeout=60s",
    ]
    assert parameters["connect_timeout"] == 5
    assert parameters["application_name"]
    assert parameters["sslmode"] == "verify-full"


def test_options_of_the_url_win() -> None:
    url = "postgres://app@localhost/app?connect_timeout=2&application_name=reports"

    parameters = value("connection.get_connection_params()", DATABASE_URL=url)

    assert int(parameters["connect_timeout"]) == 2
    assert parameters["application_name"] == "reports"
    assert "lock_timeout" in parameters["options"]


def test_pool_has_its_size_and_tests_connections() -> None:
    pool = "(lambda pool: [pool.min_size, pool.max_size, pool._check is not None])"
    expression = f"{pool}(connection.pool)"

    assert value(expression) == [1, 10, True]
    assert value(expression, DATABASE_POOL_SIZE="3") == [1, 3, True]
    assert value("connection.pool", **NONE) is None


def test_no_session_state_outlives_a_transaction_behind_pgbouncer() -> None:
    pooled, direct, chunked = value(
        "[connections['default'].settings_dict, connections['direct'].settings_dict, "
        "routers.chunked('default')]",
        **PGBOUNCER,
    )

    assert pooled["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert pooled["OPTIONS"].keys() == {"application_name", "connect_timeout"}
    # Migrations and chunked reads bypass it.
    assert direct["HOST"] == "db.example.com"
    assert direct["DISABLE_SERVER_SIDE_CURSORS"] is False
    assert "options" in direct["OPTIONS"]
    assert chunked == "direct"


def test_direct_alias_has_no_statement_timeout() -> None:
    options, chunked = value(
        "[connections['direct'].settings_dict['OPTIONS']['options'], "
        "routers.chunked('default')]"
    )

    assert "statement_timeout=0s" in options
    assert "lock_timeout=10s" in options
    # Without PgBouncer, chunked reads need no other alias.
    assert chunked == "default"


@pytest.mark.parametrize("variables", [{}, PGBOUNCER], ids=["native", "pgbouncer"])
def test_statements_are_prepared_where_a_variable_says_so(
    variables: dict[str, str],
) -> None:
    names = ["server_side_binding", "prepare_threshold"]
    expression = f"[connection.settings_dict['OPTIONS'].get(name) for name in {names}]"

    assert value(expression, **variables) == [None, None]
    prepared = variables | {"DATABASE_PREPARED_STATEMENTS": "true"}
    assert value(expression, **prepared) == [True, 5]


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
            {
                "DATABASE_COMMENT_QUERIES": "true",
                "DATABASE_PREPARED_STATEMENTS": "true",
            },
            "DATABASE_COMMENT_QUERIES must be false with DATABASE_PREPARED_STATEMENTS",
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
def test_impossible_pooler_stops_the_start(
    variables: dict[str, str], line: str
) -> None:
    done = run("import config.wsgi", **COMPLETE | variables)

    assert (done.returncode, done.stderr) == (1, f"The variable {line}.\n")


def test_fork_of_a_server_shares_no_connection() -> None:
    """Both processes would read each other's responses."""
    code = """
from types import SimpleNamespace
import config.wsgi
from config import gunicorn
from django.db import connections
connection = connections["default"]
pool = connection.pool
pool.open()
gunicorn.pre_fork(SimpleNamespace(WORKERS={}), SimpleNamespace())
result = [pool.closed, connection.pool is not pool]
"""
    assert evaluate(code, **COMPLETE) == [True, True]


def test_sqlite_has_concurrent_readers_and_one_writer(tmp_path: Path) -> None:
    code = """
import config.wsgi
from django.db import connection
with connection.cursor() as cursor:
    names = ("journal_mode", "synchronous")
    result = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
result.append(connection.transaction_mode)
"""
    url = f"sqlite:///{tmp_path}/db.sqlite3"

    assert evaluate(code, **COMPLETE | {"DATABASE_URL": url}) == ["wal", 1, "IMMEDIATE"]
