"""Sessions in Redis and in the database."""

import socket
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from plinth_tests.processes import COMPLETE, EMBEDDED, evaluate, run, run_code

pytestmark = pytest.mark.practice(16)


@pytest.mark.parametrize(
    ("variables", "store"),
    [
        ({}, "cached_db"),
        ({"SESSION_STORE": "cache"}, "cache"),
        ({"REDIS_URL": ""}, "db"),
    ],
)
def test_cached_session_costs_no_query(
    site: Client, user: Any, settings: Settings, variables: dict[str, str], store: str
) -> None:
    code = "from django.conf import settings\nresult = settings.SESSION_ENGINE"
    engine = evaluate(code, **COMPLETE | variables)
    assert engine == f"django.contrib.sessions.backends.{store}"
    settings.SESSION_ENGINE = engine
    site.force_login(user)

    with CaptureQueriesContext(connection) as queries:
        page = site.get("/user/")

    assert page.text == user.get_username()
    of_sessions = [query for query in queries if "django_session" in query["sql"]]
    assert len(of_sessions) == (store == "db")


@pytest.mark.parametrize("store", ["cache", "cached_db"])
def test_session_of_one_process_stops_the_start(store: str) -> None:
    variables = EMBEDDED | {"SESSION_STORE": store}
    done = run("from django.conf import settings\nsettings.DEBUG", **variables)

    assert done.returncode == 1
    line = "The variable SESSION_STORE must be db, unless REDIS_URL is set."
    assert done.stderr.strip() == line


SIGN_IN = """
import config.wsgi
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from plinth_tests import site
site.use(settings)
call_command("migrate", verbosity=0)
get_user_model().objects.create_user("ann@example.com", "quiet")
client = Client(headers={"host": "example.com"})
form = {"username": "ann@example.com", "password": "quiet"}
print(client.post("/sign-in/", form, secure=True).status_code)
# Redirects a client that is signed in.
print(client.get("/sign-in/", secure=True).status_code)
"""


@pytest.mark.parametrize("listens", [True, False], ids=["silent", "dead"])
def test_users_sign_in_while_redis_is_down(listens: bool) -> None:
    # It accepts connections and sends nothing, or it accepts none.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if listens else 1
        redis = {"REDIS_URL": f"redis://127.0.0.1:{port}"}
        done = run_code(SIGN_IN, **EMBEDDED | redis)

    assert done.stdout.split() == ["302", "302"]
