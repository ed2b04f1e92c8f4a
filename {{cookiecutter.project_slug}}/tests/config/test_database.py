"""The connections that Django would make, in each mode of serving."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.processes import COMPLETE, run_code

DESCRIBE = """
import json
from django.db import connection
names = ["CONN_MAX_AGE", "CONN_HEALTH_CHECKS"]
print(json.dumps([connection.settings_dict[name] for name in names]))
"""
POOL = {"DATABASE_URL": "postgres://app@localhost/app?pool=true"}


@pytest.mark.parametrize(
    ("server", "variables", "age"),
    [
        ("wsgi", {}, 60),
        ("wsgi", {"CONN_MAX_AGE": "5"}, 5),
        ("wsgi", POOL, 0),
        ("asgi", {"CONN_MAX_AGE": "5"}, 0),
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
