import socket

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User
from plinth_tests.processes import COMPLETE, EMBEDDED, run_code

pytestmark = pytest.mark.practice(16)

ENGINE = """
import config.wsgi
from django.conf import settings
print(settings.SESSION_ENGINE)
"""


@pytest.mark.parametrize(
    ("variables", "store"),
    [
        ({}, "cached_db"),
        ({"SESSION_STORE": "cache"}, "cache"),
        ({"REDIS_URL": ""}, "db"),
    ],
)
@pytest.mark.django_db
def test_a_session_in_memory_asks_the_database_nothing(
    settings: Settings, user: User, variables: dict[str, str], store: str
) -> None:
    engine = run_code(ENGINE, **(COMPLETE | variables)).stdout.strip()
    assert engine == f"django.contrib.sessions.backends.{store}"
    settings.SESSION_ENGINE = engine
    client = Client()
    client.force_login(user)

    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("accounts:profile"))

    assert page.context["user"] == user
    asked = [query for query in queries if "django_session" in query["sql"]]
    assert len(asked) == (store == "db")


SIGN_IN = """
import config.wsgi
from django.core.management import call_command
from django.test import Client
from apps.accounts.models import User
call_command("migrate", verbosity=0)
User.objects.create_user("ann@example.com", "quiet")
client = Client(headers={"host": "example.com"})
form = {"username": "ann@example.com", "password": "quiet"}
print(client.post("/accounts/sign-in/", form, secure=True).status_code)
# Who is signed in is led on.
print(client.get("/accounts/sign-in/", secure=True).status_code)
"""


@pytest.mark.parametrize("listens", [True, False])
def test_people_sign_in_while_redis_is_silent_or_dead(listens: bool) -> None:
    # It takes connections and never says a word, or it takes none.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if listens else 1
        redis = {"REDIS_URL": f"redis://127.0.0.1:{port}"}
        done = run_code(SIGN_IN, **(EMBEDDED | redis))

    assert done.stdout.split() == ["302", "302"]
