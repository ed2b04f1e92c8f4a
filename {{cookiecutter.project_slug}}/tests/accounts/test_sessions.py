import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User
from tests.processes import COMPLETE, run_code

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
