"""Database router and replicas, on two SQLite files of which the second is the replica."""

import shutil
from typing import Any

import pytest

from plinth_tests.processes import EMBEDDED, evaluate, run, run_code

pytestmark = pytest.mark.practice(15)

START = """
import config.wsgi
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connections, transaction
from plinth.database import replicas, routers
from plinth.database.routers import Route, routed

def where():
    return Group.objects.values_list("name", flat=True).get()
"""
HEALTHY = "\nreplicas.check('replica_1')\n"


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A primary and a replica, each with one group whose name says which it is."""
    folder = tmp_path_factory.mktemp("databases")
    primary, replica = folder / "primary.sqlite3", folder / "replica.sqlite3"
    names = EMBEDDED | {"DATABASE_URL": f"sqlite:///{primary}"}
    fill = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
Group.objects.create(name="primary")
connections["default"].cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""
    run_code(START + fill, **names)
    shutil.copy(primary, replica)
    copy = names | {"DATABASE_URL": f"sqlite:///{replica}"}
    run_code(START + "Group.objects.update(name='replica')", **copy)
    return names | {"DATABASE_REPLICA_URL": f"sqlite:///{replica}"}


def result(code: str, variables: dict[str, str]) -> Any:
    return evaluate(START + code, **variables)


def test_reads_of_a_safe_route_use_a_replica_until_a_write(
    variables: dict[str, str],
) -> None:
    code = """
result = [where()]
with routed(Route(may_use_replica=True)):
    result += [where()]
    with transaction.atomic():
        result += [where()]
    with transaction.atomic():
        Group.objects.filter(name="nobody").update(name="")
    result += [where()]
result += [where()]
"""
    assert result(HEALTHY + code, variables) == [
        "primary",
        "replica",
        "primary",
        "primary",
        "primary",
    ]


def test_replica_of_unknown_health_does_not_serve(variables: dict[str, str]) -> None:
    code = """
with routed(Route(may_use_replica=True)):
    result = where()
"""
    assert result(code, variables) == "primary"


def test_object_from_a_replica_is_saved_to_the_primary(
    variables: dict[str, str],
) -> None:
    code = """
with routed(Route(may_use_replica=True)):
    read = Group.objects.get()
    before = read._state.db
    # Rolled back: the next test finds the primary's own name.
    with transaction.atomic():
        read.save()
        transaction.set_rollback(True)
    router = routers.PrimaryReplicaRouter()
    result = [before, read._state.db, router.allow_relation(read, Group.objects.get())]
"""
    assert result(HEALTHY + code, variables) == ["replica_1", "default", True]


def test_sessions_are_read_from_the_primary(variables: dict[str, str]) -> None:
    code = """
from django.contrib.sessions.models import Session
with routed(Route(may_use_replica=True)):
    result = [Session.objects.all().db, Group.objects.all().db]
"""
    assert result(HEALTHY + code, variables) == ["default", "replica_1"]


@pytest.mark.practice(3)
def test_cached_tables_are_read_from_the_primary(variables: dict[str, str]) -> None:
    """A replica may return the row from before the write that invalidated it."""
    code = """
from django.contrib.auth.models import Permission
with routed(Route(may_use_replica=True)):
    result = [model.objects.all().db for model in (Permission, Group)]
"""
    redis = {"REDIS_URL": "redis://127.0.0.1:1"}

    assert result(HEALTHY + code, variables) == ["replica_1", "replica_1"]
    assert result(HEALTHY + code, variables | redis) == ["default", "replica_1"]


def test_threads_and_asyncio_tasks_have_routes_of_their_own(
    variables: dict[str, str],
) -> None:
    code = """
import asyncio, threading
result = []

async def task(serve, ready, other):
    with routed(Route(may_use_replica=serve)):
        ready.set()
        await other.wait()
        result.append(Group.objects.all().db)

async def both():
    first, second = asyncio.Event(), asyncio.Event()
    await asyncio.gather(task(True, first, second), task(False, second, first))

asyncio.run(both())
with routed(Route(may_use_replica=True)):
    thread = threading.Thread(target=lambda: result.append(Group.objects.all().db))
    thread.start()
    thread.join()
"""
    *tasks, thread = result(HEALTHY + code, variables)

    assert sorted(tasks) == ["default", "replica_1"]
    assert thread == "default"


def test_replicas_are_not_migrated(variables: dict[str, str]) -> None:
    code = """
router = routers.PrimaryReplicaRouter()
result = [alias for alias in connections if router.allow_migrate(alias, "auth")]
"""
    assert result(code, variables) == ["default"]


def test_migrations_read_and_write_without_the_pooler() -> None:
    code = """
from unittest import mock
from django.core.management import call_command
from django.core.management.commands import migrate

def handle(self, *args, **options):
    result.extend([options["database"], Group.objects.all().db])
    result.append(routers.PrimaryReplicaRouter().db_for_write(Group))

result = []
with mock.patch.object(migrate.Command, "handle", handle):
    call_command("migrate")
result += [Group.objects.all().db]
"""
    variables = EMBEDDED | {"DATABASE_URL": "postgres://app@127.0.0.1:1/app"}

    assert result(code, variables) == ["direct", "direct", "direct", "default"]


def test_new_version_pins_reads_to_the_primary_for_the_replication_window(
    variables: dict[str, str],
) -> None:
    code = """
from plinth.cache import versions
def read():
    with routed(Route(may_use_replica=True)):
        versions.current("trial")
        return where()
result = [read()]
replicas.replication_window = lambda: 0
result += [read()]
versions.invalidate("trial")
replicas.replication_window = lambda: 10
result += [read()]
"""
    assert result(HEALTHY + code, variables) == ["primary", "replica", "primary"]


# Requests

PAGES = """
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from plinth_tests import site

def read(request):
    return HttpResponse(where())

def write(request):
    Group.objects.filter(name="nobody").update(name="")
    return HttpResponse(where())

def broken(request):
    where()
    raise OperationalError

tries = []

def slow(request):
    tries.append(where())
    cancelled = Exception()
    cancelled.sqlstate = "57014"
    raise OperationalError from cancelled

site.use(settings)
site.urlpatterns = [
    path("read/", read),
    path("write/", write),
    path("broken/", broken),
    path("slow/", slow),
]
site.handler500 = lambda request: HttpResponse("failed", status=500)
settings.ALLOWED_HOSTS = ["testserver"]
settings.SECURE_SSL_REDIRECT = False
client = Client(raise_request_exception=False)
def ask(path, method="get"):
    return getattr(client, method)(path).content.decode()
"""


def test_write_pins_its_client_to_the_primary(variables: dict[str, str]) -> None:
    code = """
result = [ask("/read/"), ask("/read/", "post"), ask("/read/")]
result += [ask("/write/"), ask("/read/")]
cookie = client.cookies["read_from_primary"]
result += [cookie["max-age"], cookie["httponly"], cookie["secure"], cookie["samesite"]]
client.cookies.clear()
result += [ask("/read/")]
"""
    found = result(HEALTHY + PAGES + code, variables)

    assert found[:5] == ["replica", "primary", "replica", "primary", "primary"]
    # Seconds: the lag that is tolerated, and the interval of the checks.
    assert found[5:9] == [10, True, True, "Lax"]
    assert found[9] == "replica"


def test_view_is_retried_on_the_primary_when_its_replica_fails(
    variables: dict[str, str],
) -> None:
    code = """
connections["replica_1"].close()
connections["replica_1"].settings_dict["NAME"] = "/nowhere/replica.sqlite3"
replicas.next_checks["replica_1"] = float("inf")  # no check after the response
result = [ask("/read/"), replicas.is_healthy("replica_1")]
"""
    assert result(HEALTHY + PAGES + code, variables) == ["primary", False]


def test_error_of_another_database_leaves_the_replica_healthy(
    variables: dict[str, str],
) -> None:
    code = """
result = [ask("/broken/"), replicas.is_healthy("replica_1")]
"""
    assert result(HEALTHY + PAGES + code, variables) == ["failed", True]


def test_query_that_timed_out_is_not_retried(variables: dict[str, str]) -> None:
    code = """
result = [ask("/slow/"), replicas.is_healthy("replica_1"), tries]
"""
    assert result(HEALTHY + PAGES + code, variables) == ["failed", True, ["replica"]]


def test_readiness_shows_an_unhealthy_replica(variables: dict[str, str]) -> None:
    code = """
from plinth.health import probes
result = [probes.probe_all()["replicas"]]
replicas.check("replica_1")
probes.last.expires = 0
result += [probes.probe_all()["replicas"]]
"""
    assert result(code, variables) == [False, True]


def test_replicas_are_checked_after_a_response_and_once_in_an_interval(
    variables: dict[str, str],
) -> None:
    code = """
checked = []
lag = replicas.lag
replicas.lag = lambda alias: checked.append(alias) or lag(alias)
result = [ask("/read/"), ask("/read/"), ask("/read/"), checked]
"""
    assert result(PAGES + code, variables) == [
        "primary",
        "replica",
        "replica",
        ["replica_1"],
    ]


def test_lagging_replica_does_not_serve(variables: dict[str, str]) -> None:
    code = """
result = []
for seconds in (0, 5, 6, float("inf")):
    replicas.lag = lambda alias: seconds
    replicas.check("replica_1")
    result += [replicas.choose()]
"""
    assert result(code, variables) == ["replica_1", "replica_1", "", ""]


def test_middleware_is_not_used_without_replicas() -> None:
    code = """
from django.core.exceptions import MiddlewareNotUsed
from plinth.database.middleware import ReplicaMiddleware
try:
    result = bool(ReplicaMiddleware(lambda request: None))
except MiddlewareNotUsed:
    result = "not used"
"""
    assert result(code, EMBEDDED) == "not used"


def test_malformed_replica_url_stops_the_start() -> None:
    variables = EMBEDDED | {"DATABASE_REPLICA_URL": "replica.example.com"}

    done = run("import config.wsgi", **variables)

    assert done.returncode == 1
    assert done.stderr == (
        "The variable DATABASE_REPLICA_URL must be "
        "like postgres://user:password@host:5432/name.\n"
    )
