"""Who reads where: on two files of SQLite, of which the second plays the replica."""

import json
import shutil
from typing import Any

import pytest

from plinth_tests.processes import EMBEDDED, python, run_code

pytestmark = pytest.mark.practice(15)

START = """
import config.wsgi, json
from django.db import connections, transaction
from apps.accounts.models import User
from plinth.database import replicas, routers
from plinth.database.routers import Route, routed

def where():
    return User.objects.values_list("name", flat=True).get()
"""
FIT = "\nreplicas.check('replica_1')\n"


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two databases with a user in each, whose name says which one it is."""
    folder = tmp_path_factory.mktemp("databases")
    primary, replica = folder / "primary.sqlite3", folder / "replica.sqlite3"
    names = EMBEDDED | {"DATABASE_URL": f"sqlite:///{primary}"}
    done = python("manage.py", "migrate", "--verbosity", "0", **names)
    assert done.returncode == 0, done.stderr
    run_code(
        START + "User.objects.create_user('a@example.com', name='primary')", **names
    )
    close = "connections['default'].cursor().execute('PRAGMA wal_checkpoint(TRUNCATE)')"
    run_code(START + close, **names)
    shutil.copy(primary, replica)
    copy = names | {"DATABASE_URL": f"sqlite:///{replica}"}
    run_code(START + "User.objects.update(name='replica')", **copy)
    return names | {"DATABASE_REPLICA_URL": f"sqlite:///{replica}"}


def say(code: str, variables: dict[str, str]) -> Any:
    """Run code that leaves what it found in `said`."""
    code = f"{START}{code}\nprint(json.dumps(said))"
    return json.loads(run_code(code, **variables).stdout)


def test_only_what_changes_nothing_reads_from_a_replica(
    variables: dict[str, str],
) -> None:
    code = """
said = [where()]
with routed(Route(may_use_replica=True)):
    said += [where()]
    with transaction.atomic():
        said += [where()]
    with transaction.atomic():
        User.objects.filter(name="nobody").update(name="")
    said += [where()]
said += [where()]
"""
    said = say(FIT + code, variables)

    assert said == ["primary", "replica", "primary", "primary", "primary"]


def test_a_replica_that_nobody_has_asked_does_not_serve(
    variables: dict[str, str],
) -> None:
    code = """
with routed(Route(may_use_replica=True)):
    said = where()
"""
    assert say(code, variables) == "primary"


def test_an_object_from_a_replica_is_saved_to_the_primary(
    variables: dict[str, str],
) -> None:
    code = """
with routed(Route(may_use_replica=True)):
    read = User.objects.get()
    before = read._state.db
    read.save(update_fields=["is_staff"])
    router = routers.PrimaryReplicaRouter()
    said = [before, read._state.db, router.allow_relation(read, User.objects.get())]
"""
    assert say(FIT + code, variables) == ["replica_1", "default", True]


def test_sessions_are_read_from_the_primary(variables: dict[str, str]) -> None:
    code = """
from django.contrib.sessions.models import Session
with routed(Route(may_use_replica=True)):
    said = [Session.objects.all().db, User.objects.all().db]
"""
    assert say(FIT + code, variables) == ["default", "replica_1"]


def test_what_runs_at_the_same_time_has_a_route_of_its_own(
    variables: dict[str, str],
) -> None:
    code = """
import asyncio, threading
said = []

async def task(serve, ready, other):
    with routed(Route(may_use_replica=serve)):
        ready.set()
        await other.wait()
        said.append(User.objects.all().db)

async def both():
    first, second = asyncio.Event(), asyncio.Event()
    await asyncio.gather(task(True, first, second), task(False, second, first))

asyncio.run(both())
with routed(Route(may_use_replica=True)):
    thread = threading.Thread(target=lambda: said.append(User.objects.all().db))
    thread.start()
    thread.join()
"""
    *tasks, thread = say(FIT + code, variables)

    assert sorted(tasks) == ["default", "replica_1"]
    assert thread == "default"


def test_migrations_leave_replicas_alone(variables: dict[str, str]) -> None:
    code = """
router = routers.PrimaryReplicaRouter()
said = [alias for alias in connections if router.allow_migrate(alias, "accounts")]
"""
    assert say(code, variables) == ["default"]


def test_migrations_go_the_direct_way_with_all_they_read_and_write() -> None:
    code = """
from unittest import mock
from django.core.management import call_command
from django.core.management.commands import migrate

def handle(self, *args, **options):
    said.extend([options["database"], User.objects.all().db])
    said.append(routers.PrimaryReplicaRouter().db_for_write(User))

said = []
with mock.patch.object(migrate.Command, "handle", handle):
    call_command("migrate")
said += [User.objects.all().db]
"""
    variables = EMBEDDED | {"DATABASE_URL": "postgres://app@127.0.0.1:1/app"}

    assert say(code, variables) == ["direct", "direct", "direct", "default"]


def test_what_is_kept_after_a_change_is_read_from_the_primary(
    variables: dict[str, str],
) -> None:
    code = """
from plinth.cache import versions
def read():
    with routed(Route(may_use_replica=True)):
        versions.current("trial")
        return where()
said = [read()]
replicas.replication_window = lambda: 0
said += [read()]
versions.invalidate("trial")
replicas.replication_window = lambda: 10
said += [read()]
"""
    assert say(FIT + code, variables) == ["primary", "replica", "primary"]


# Requests

PAGES = """
from django.conf import settings
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.views.generic import View

class Where(View):
    def get(self, request):
        return HttpResponse(where())
    post = get

class Write(View):
    def get(self, request):
        User.objects.filter(name="nobody").update(name="")
        return HttpResponse(where())

class Broken(View):
    def get(self, request):
        where()
        raise OperationalError

tries = []

class TooSlow(View):
    def get(self, request):
        tries.append(where())
        cancelled = Exception()
        cancelled.sqlstate = "57014"
        raise OperationalError from cancelled

urlpatterns = [
    path("where/", Where.as_view()),
    path("write/", Write.as_view()),
    path("broken/", Broken.as_view()),
    path("slow/", TooSlow.as_view()),
]
handler500 = lambda request: HttpResponse("failed", status=500)
settings.ROOT_URLCONF = "__main__"
settings.ALLOWED_HOSTS = ["testserver"]
settings.SECURE_SSL_REDIRECT = False
client = Client(raise_request_exception=False)
def ask(path, method="get"):
    return getattr(client, method)(path).content.decode()
"""


def test_a_page_reads_from_a_replica_until_its_visitor_writes(
    variables: dict[str, str],
) -> None:
    code = """
said = [ask("/where/"), ask("/where/", "post"), ask("/where/")]
said += [ask("/write/"), ask("/where/")]
cookie = client.cookies["read_from_primary"]
said += [cookie["max-age"], cookie["httponly"], cookie["secure"], cookie["samesite"]]
client.cookies.clear()
said += [ask("/where/")]
"""
    said = say(FIT + PAGES + code, variables)

    assert said[:5] == ["replica", "primary", "replica", "primary", "primary"]
    assert said[5:9] == [10, True, True, "Lax"]
    assert said[9] == "replica"


def test_a_page_is_made_from_the_primary_when_the_replica_fails_on_it(
    variables: dict[str, str],
) -> None:
    code = """
connections["replica_1"].close()
connections["replica_1"].settings_dict["NAME"] = "/nowhere/replica.sqlite3"
replicas.due["replica_1"] = float("inf")  # it is not asked after the response
said = [ask("/where/"), replicas.is_healthy("replica_1")]
"""
    assert say(FIT + PAGES + code, variables) == ["primary", False]


def test_a_replica_serves_on_when_it_was_another_database_that_failed(
    variables: dict[str, str],
) -> None:
    code = """
said = [ask("/broken/"), replicas.is_healthy("replica_1")]
"""
    assert say(FIT + PAGES + code, variables) == ["failed", True]


def test_readiness_tells_of_a_replica_that_does_not_serve(
    variables: dict[str, str],
) -> None:
    code = """
from plinth.health.probes import probe_all
said = [probe_all()["replicas"]]
replicas.check("replica_1")
said += [probe_all()["replicas"]]
"""
    assert say(code, variables) == [False, True]


def test_a_query_that_takes_too_long_is_not_made_twice(
    variables: dict[str, str],
) -> None:
    code = """
said = [ask("/slow/"), replicas.is_healthy("replica_1"), tries]
"""
    assert say(FIT + PAGES + code, variables) == ["failed", True, ["replica"]]


def test_replicas_are_asked_after_a_response_and_not_by_each(
    variables: dict[str, str],
) -> None:
    code = """
asked = []
lag = replicas.lag
replicas.lag = lambda alias: asked.append(alias) or lag(alias)
said = [ask("/where/"), ask("/where/"), ask("/where/"), asked]
"""
    said = say(PAGES + code, variables)

    assert said == ["primary", "replica", "replica", ["replica_1"]]


def test_a_replica_that_is_behind_does_not_serve(variables: dict[str, str]) -> None:
    code = """
said = []
for seconds in (0, 5, 6, float("inf")):
    replicas.lag = lambda alias: seconds
    replicas.check("replica_1")
    said += [replicas.choose()]
"""
    assert say(code, variables) == ["replica_1", "replica_1", "", ""]


def test_a_site_without_replicas_has_no_middleware_for_them() -> None:
    code = """
from django.core.exceptions import MiddlewareNotUsed
from plinth.database.middleware import ReplicaMiddleware
try:
    said = bool(ReplicaMiddleware(lambda request: None))
except MiddlewareNotUsed:
    said = "not used"
"""
    assert say(code, EMBEDDED) == "not used"


def test_a_replica_that_is_no_url_stops_the_start() -> None:
    variables = EMBEDDED | {"DATABASE_REPLICA_URL": "replica.example.com"}

    done = python("-c", "import config.wsgi", **variables)

    assert done.returncode == 1
    assert done.stderr == (
        "The variable DATABASE_REPLICA_URL must be "
        "like postgres://user:password@host:5432/name.\n"
    )


@pytest.mark.practice(3)
def test_what_is_kept_is_read_from_the_primary(variables: dict[str, str]) -> None:
    """A replica may still answer with the row from before the write that dropped it."""
    code = """
from django.contrib.auth.models import Group, Permission
with routed(Route(may_use_replica=True)):
    said = [model.objects.all().db for model in (Permission, Group)]
"""
    redis = {"REDIS_URL": "redis://127.0.0.1:1"}

    assert say(FIT + code, variables) == ["replica_1", "replica_1"]
    assert say(f"{FIT}{code}", variables | redis) == ["default", "replica_1"]
