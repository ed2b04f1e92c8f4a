"""django-cachalot's query cache: named tables, until one of their rows is written."""

from typing import Any

import pytest

from plinth_tests.processes import COMPLETE, EMBEDDED, evaluate

pytestmark = pytest.mark.practice(3)

REDIS = EMBEDDED | {"REDIS_URL": "redis://127.0.0.1:1"}
# As in production, with the process's memory in place of Redis. Two apps register tables.
START = """
from django.conf import settings
settings.CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
from django.contrib.auth.apps import AuthConfig
from django.contrib.sessions.apps import SessionsConfig
AuthConfig.cached_tables = ["auth_user_groups"]
SessionsConfig.cached_tables = ["django_session"]
import config.wsgi
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
call_command("migrate", verbosity=0)
first = Permission.objects.earliest("pk")

def names():
    return list(Permission.objects.order_by("pk").values_list("name", flat=True))

def queries(read=names):
    with CaptureQueriesContext(connection) as captured:
        read()
    return len(captured)

result = {}
"""
INVALIDATION = """
result["first"], result["second"] = queries(), queries()

Permission.objects.filter(pk=first.pk).update(name="By update")
result["after update()"], result["updated"] = queries(), names()[0]

Permission.objects.bulk_create([Permission(name="n", codename="c", content_type=first.content_type)])
result["after bulk_create()"] = queries()

with connection.cursor() as cursor:
    cursor.execute("UPDATE auth_permission SET name = 'By SQL' WHERE id = %s", [first.pk])
result["after SQL"], result["updated by SQL"] = queries(), names()[0]

try:
    with transaction.atomic():
        first.name = "Rolled back"
        first.save()
        result["in the transaction"] = names()[0]
        raise RuntimeError
except RuntimeError:
    result["after its rollback"] = names()[0]

# As a migration that bypasses the pooler, or a chunked read: an alias of the same database.
from cachalot.api import invalidate
names()
invalidate("auth_permission", cache_alias="default", db_alias="direct")
result["after a write under another alias"] = queries()
"""
UNCACHED = """
Group.objects.create(name="A")
for name, read in {
    "another table": lambda: list(Group.objects.all()),
    "a join with another": lambda: list(Permission.objects.filter(group__name="A")),
    "in chunks": lambda: list(Permission.objects.iterator(chunk_size=10)),
    "for update": lambda: list(Permission.objects.select_for_update()),
}.items():
    with transaction.atomic():
        queries(read)
        result[name] = queries(read)
"""
REGISTERED = """
def read():
    return list(Session.objects.all())

from cachalot.settings import cachalot_settings
from django.test import override_settings
from plinth.database.query_cache import is_cached

result["first"], result["second"] = queries(read), queries(read)
result["is_cached"] = [is_cached(model) for model in (Session, Permission, Group)]

# Another setting is overridden, and cachalot reads its settings once more.
with override_settings(CACHALOT_TIMEOUT=1):
    cachalot_settings.reload()
    result["reloaded"] = [queries(read), cachalot_settings.CACHALOT_TIMEOUT]
# This setting is: a test's own tables count, and no others.
with override_settings(CACHALOT_ONLY_CACHABLE_TABLES=["auth_group"]):
    cachalot_settings.reload()
    result["overridden"] = sorted(cachalot_settings.CACHALOT_ONLY_CACHABLE_TABLES)
cachalot_settings.reload()
result["restored"] = [is_cached(model) for model in (Session, Permission, Group)]
"""


def test_query_is_cached_until_its_table_is_written() -> None:
    assert evaluate(START + INVALIDATION, **REDIS) == {
        "first": 1,
        "second": 0,
        "after update()": 1,
        "updated": "By update",
        "after bulk_create()": 1,
        "after SQL": 1,
        "updated by SQL": "By SQL",
        "in the transaction": "Rolled back",
        "after its rollback": "By SQL",
        "after a write under another alias": 1,
    }


def test_other_queries_are_not_cached() -> None:
    assert set(evaluate(START + UNCACHED, **REDIS).values()) == {1}


def test_tables_that_apps_register_are_cached() -> None:
    assert evaluate(START + REGISTERED, **REDIS) == {
        "first": 1,
        "second": 0,
        "is_cached": [True, True, False],
        "reloaded": [0, 1],
        "overridden": ["auth_group"],
        "restored": [True, True, False],
    }


EFFECTIVE = """
import config.wsgi
from django.apps import apps
from django.conf import settings
from cachalot.settings import cachalot_settings as used
result = {
    "installed": apps.is_installed("cachalot"),
    "tables": sorted(used.CACHALOT_ONLY_CACHABLE_TABLES),
    "unknown": sorted(
        set(used.CACHALOT_ONLY_CACHABLE_TABLES)
        - {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    ),
    "databases": sorted(used.CACHALOT_DATABASES),
    "seconds": used.CACHALOT_TIMEOUT,
    "iterators": used.CACHALOT_CACHE_ITERATORS,
}
"""


def test_lost_invalidation_is_served_for_a_minute_at_most() -> None:
    used: dict[str, Any] = evaluate(EFFECTIVE, **COMPLETE)

    assert used["installed"]
    assert 0 < used["seconds"] <= 60
    # A replica may return rows from before the write.
    assert used["databases"] == ["default"]
    assert not used["iterators"]
    # With none named, every table would be cached.
    assert used["tables"]
    assert used["unknown"] == []


def test_without_redis_no_query_is_cached() -> None:
    """A process would not see another's writes."""
    assert not evaluate(EFFECTIVE, **COMPLETE | {"REDIS_URL": ""})["installed"]
