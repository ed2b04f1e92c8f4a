"""Kept queries: those of named tables, until one of their rows is written."""

import json

import pytest
from django.apps import apps
from django.conf import settings

from plinth_tests.processes import COMPLETE, EMBEDDED, run_code

pytestmark = pytest.mark.practice(3)

# As production sets it up, but with this process's memory in the place of Redis.
START = """
import json
from django.conf import settings
settings.CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
import config.wsgi
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
call_command("migrate", verbosity=0)
first = Permission.objects.earliest("pk")
said = {}

def names():
    return list(Permission.objects.order_by("pk").values_list("name", flat=True))

def queries(read=names):
    with CaptureQueriesContext(connection) as captured:
        read()
    return len(captured)

"""
KEPT = """
said["first"], said["again"] = queries(), queries()

Permission.objects.filter(pk=first.pk).update(name="By update")
said["after an update"], said["it is there"] = queries(), names()[0]

Permission.objects.bulk_create([Permission(name="n", codename="c", content_type=first.content_type)])
said["after bulk_create"] = queries()

with connection.cursor() as cursor:
    cursor.execute("UPDATE auth_permission SET name = 'By hand' WHERE id = %s", [first.pk])
said["after SQL"], said["it is there too"] = queries(), names()[0]

try:
    with transaction.atomic():
        first.name = "Rolled back"
        first.save()
        said["seen inside"] = names()[0]
        raise RuntimeError
except RuntimeError:
    said["not seen after"] = names()[0]
"""
# As a migration past a pooler, or what reads in chunks: the same database once more.
OTHER_ALIAS = """
from cachalot.api import invalidate
names()
invalidate("auth_permission", cache_alias="default", db_alias="direct")
said["after a write under another alias"] = queries()
"""
NOT_KEPT = """
Group.objects.create(name="A")
for name, read in {
    "another table": lambda: list(Group.objects.all()),
    "joined with another": lambda: list(Permission.objects.filter(group__name="A")),
    "in chunks": lambda: list(Permission.objects.iterator(chunk_size=10)),
    "to be changed": lambda: list(Permission.objects.select_for_update()),
}.items():
    with transaction.atomic():
        queries(read)
        said[name] = queries(read)
"""
SAY = "print(json.dumps(said))"


def ask(code: str) -> dict[str, object]:
    variables = EMBEDDED | {"REDIS_URL": "redis://127.0.0.1:1"}
    answer: dict[str, object] = json.loads(
        run_code(START + code + SAY, **variables).stdout
    )
    return answer


def test_a_query_is_kept_until_its_table_is_written() -> None:
    assert ask(KEPT) == {
        "first": 1,
        "again": 0,
        "after an update": 1,
        "it is there": "By update",
        "after bulk_create": 1,
        "after SQL": 1,
        "it is there too": "By hand",
        "seen inside": "Rolled back",
        "not seen after": "By hand",
    }


def test_a_write_under_any_alias_drops_what_is_kept() -> None:
    assert ask(OTHER_ALIAS) == {"after a write under another alias": 1}


def test_what_is_not_named_is_not_kept() -> None:
    assert set(ask(NOT_KEPT).values()) == {1}


EFFECTIVE = """
import config.wsgi
import json
from django.conf import settings
from cachalot.settings import cachalot_settings as used
print(json.dumps({
    "installed": "cachalot" in settings.INSTALLED_APPS,
    "tables": sorted(used.CACHALOT_ONLY_CACHABLE_TABLES),
    "databases": sorted(used.CACHALOT_DATABASES),
    "seconds": used.CACHALOT_TIMEOUT,
    "iterators": used.CACHALOT_CACHE_ITERATORS,
}))
"""


def test_a_kept_query_outlives_a_lost_write_by_a_minute_at_most() -> None:
    used = json.loads(run_code(EFFECTIVE, **COMPLETE).stdout)

    assert used["installed"]
    assert 0 < used["seconds"] <= 60
    # A replica's answer may be of before the write.
    assert used["databases"] == ["default"]
    assert not used["iterators"]


def test_without_redis_nothing_is_kept() -> None:
    """A process would not hear of another's writes."""
    used = json.loads(run_code(EFFECTIVE, **(COMPLETE | {"REDIS_URL": ""})).stdout)

    assert not used["installed"]


def test_each_table_that_is_named_is_there() -> None:
    tables = {model._meta.db_table for model in apps.get_models()}  # noqa: SLF001

    named = set(settings.CACHALOT_ONLY_CACHABLE_TABLES)
    # With none named, every table would be kept.
    assert named
    assert named <= tables
