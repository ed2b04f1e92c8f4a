"""The project on several PostgreSQL servers and poolers: who serves, and who is missed."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.conftest import Bake
from tests.mutations import replace
from tests.production import load, log_of, manage, servable, shell
from tests.services import PostgreSQL, get, gunicorn, wait_until
from tests.support import LEANEST, Say, copy_of

pytestmark = pytest.mark.services("postgresql")

# Views that tell which server they read from: by its port.
TRIAL_VIEWS = """

from django.db.models import Func, IntegerField
from django.http import HttpRequest, HttpResponse
from django.views.generic import View

from apps.accounts.models import User


def port() -> int:
    asked = Func(function="inet_server_port", output_field=IntegerField())
    return User.objects.order_by().values_list(asked)[0][0]


class WhereView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(port())


class WriteView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        before = port()
        User.objects.update(name=request.GET["name"])
        name = User.objects.get().name
        return HttpResponse(f"{before} {port()} {name}")


urlpatterns += [
    path("trial/where/", WhereView.as_view()),
    path("trial/write/", WriteView.as_view()),
]
"""
ADD_USER = """
from apps.accounts.models import User
User.objects.create_user("somebody@example.com")
"""


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the trial views, which asks its replicas more often than others do."""
    folder = tmp_path_factory.mktemp("database")
    copy = servable(install(**LEANEST), folder, config__urls=TRIAL_VIEWS)
    replace(
        "plinth/src/plinth/database/replicas.py",
        "CHECK_SECONDS = 5",
        "CHECK_SECONDS = 1",
    )(copy)
    return copy


@pytest.fixture
def primary(project: Path) -> Iterator[PostgreSQL]:
    with services.primary() as server:
        manage(project, "migrate", "--verbosity", "0", DATABASE_URL=server.url)
        shell(project, ADD_USER, DATABASE_URL=server.url)
        yield server


@pytest.fixture
def replica(primary: PostgreSQL) -> Iterator[PostgreSQL]:
    with services.replica(primary) as server:
        yield server


def serves(site: str, server: PostgreSQL) -> None:
    """Wait until pages are read from this server."""
    wait_until(lambda: get(f"{site}/trial/where/").text == str(server.port))


# Replicas


def test_write_pins_its_client_to_the_primary(
    project: Path, primary: PostgreSQL, replica: PostgreSQL, tmp_path: Path
) -> None:
    variables = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URL": replica.url}
    with gunicorn(project, tmp_path / "log", **variables) as site:
        serves(site, replica)

        # The replica stands still, so it can't have what is written.
        replica.sql("SELECT pg_wal_replay_pause()")
        answer = get(f"{site}/trial/write/?name=Ada")
        assert answer.text == f"{replica.port} {primary.port} Ada"
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("read_from_primary=")
        assert "Max-Age=6;" in cookie
        again = get(f"{site}/trial/where/", Cookie=cookie.split(";")[0])
        assert again.text == str(primary.port)
        assert "Set-Cookie" not in get(f"{site}/trial/where/").headers


def test_lagging_replica_leaves_the_rotation_until_it_has_caught_up(
    project: Path, primary: PostgreSQL, replica: PostgreSQL, tmp_path: Path
) -> None:
    variables = {
        "DATABASE_URL": primary.url,
        "DATABASE_REPLICA_URL": replica.url,
        "DATABASE_REPLICA_MAX_LAG": "1",
    }
    with gunicorn(project, tmp_path / "log", **variables) as site:
        serves(site, replica)
        replica.sql("SELECT pg_wal_replay_pause()")
        get(f"{site}/trial/write/?name=Bo")
        serves(site, primary)
        replica.sql("SELECT pg_wal_replay_resume()")
        serves(site, replica)


def test_loss_of_a_replica_fails_no_request(
    project: Path,
    primary: PostgreSQL,
    replica: PostgreSQL,
    tmp_path: Path,
    record_property: Say,
) -> None:
    variables = {
        "DATABASE_URL": primary.url,
        "DATABASE_REPLICA_URL": f"{replica.url},{replica.url}",
    }
    log = tmp_path / "log"
    with gunicorn(project, log, **variables) as site:
        serves(site, replica)
        with load(f"{site}/trial/where/") as seen:
            time.sleep(1)
            replica.stop()
            time.sleep(3)
            replica.start()
            serves(site, replica)
            time.sleep(1)

    record_property("summary", f"a replica killed and back: {seen}")
    assert len(seen) > 100
    assert seen.failed == []
    said = [str(line["message"]) for line in log_of(log)]
    assert "replica_1 is unhealthy" in said


def test_health_of_replicas_is_shared_through_redis(
    project: Path, primary: PostgreSQL, replica: PostgreSQL, tmp_path: Path
) -> None:
    ask = "from plinth.database import replicas; print(replicas.choose())"
    judge = "from plinth.database import replicas; replicas.check('replica_1')"
    with services.redis(tmp_path, services.free_port()) as redis:
        variables = {
            "DATABASE_URL": primary.url,
            "DATABASE_REPLICA_URL": replica.url,
            "REDIS_URL": redis,
        }
        assert shell(project, ask, **variables).strip() == ""
        # A verdict is for seconds, and a busy machine may need as many to start Python.
        for _ in range(5):
            shell(project, judge, **variables)
            if shell(project, ask, **variables).strip() == "replica_1":
                break
        else:
            pytest.fail("no verdict arrived")


# The primary


POOLERS = ["native", "pgbouncer", "none"]


@contextmanager
def pooled(
    project: Path, primary: PostgreSQL, pooler: str, **settings: Any
) -> Iterator[dict[str, str]]:
    """Variables for a site whose connections are shared in this way."""
    variables = {"DATABASE_URL": primary.url, "DATABASE_POOLER": pooler}
    with ExitStack() as stack:
        if pooler == "pgbouncer":
            port = stack.enter_context(
                services.pgbouncer(project, primary.port, **settings)
            )
            variables["DATABASE_DIRECT_URL"] = primary.url
            variables["DATABASE_URL"] = f"postgres://app@127.0.0.1:{port}/postgres"
        yield variables


@pytest.mark.services("pgbouncer")
@pytest.mark.parametrize("pooler", POOLERS)
def test_errors_end_with_the_restart_of_the_primary(
    project: Path,
    primary: PostgreSQL,
    tmp_path: Path,
    record_property: Say,
    pooler: str,
) -> None:
    with (
        pooled(project, primary, pooler) as variables,
        gunicorn(project, tmp_path / "log", **variables) as site,
        load(f"{site}/trial/where/") as seen,
    ):
        time.sleep(1)
        primary.stop("fast")
        time.sleep(2)
        primary.start()
        back = time.monotonic()
        time.sleep(4)

    late = [asked - back for asked in seen.failed if asked > back]
    record_property(
        "summary",
        f"primary restarted, {pooler}: {seen}, the last {max(late, default=0):.1f} s "
        "after it was back",
    )
    assert seen[-1].status == 200
    assert not [seconds for seconds in late if seconds > 1]


@pytest.mark.services("pgbouncer")
def test_errors_end_with_the_restart_of_pgbouncer(
    project: Path, primary: PostgreSQL, tmp_path: Path, record_property: Say
) -> None:
    with ExitStack() as stack, ExitStack() as first:
        variables = first.enter_context(pooled(project, primary, "pgbouncer"))
        port = int(variables["DATABASE_URL"].rpartition(":")[2].split("/")[0])
        site = stack.enter_context(gunicorn(project, tmp_path / "log", **variables))
        again = services.pgbouncer(project, primary.port, mine=port)
        with load(f"{site}/trial/where/") as seen:
            time.sleep(1)
            first.close()
            stack.enter_context(again)
            away = seen.recover()
            back = time.monotonic()
            time.sleep(2)

    record_property(
        "summary", f"PgBouncer restarted: {seen}, good again {away:.1f} s later"
    )
    assert seen[-1].status == 200
    assert not [asked for asked in seen.failed if asked > back]


CROWD = """
import threading
from django.db import connection
from apps.accounts.models import User

errors, most = [], []

def work(number):
    try:
        for _ in range(5):
            User.objects.filter(email__contains=str(number)).count()
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE "
                    "backend_type = 'client backend' AND usename = 'app'")
                most.append(cursor.fetchone()[0])
            connection.close()
    except Exception as error:
        errors.append(error)

threads = [threading.Thread(target=work, args=[n]) for n in range(200)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(most), max(most), len(errors), *errors[:1])
"""


@pytest.mark.services("pgbouncer")
@pytest.mark.parametrize("pooler", ["native", "pgbouncer"])
def test_two_hundred_threads_share_ten_connections(
    project: Path, primary: PostgreSQL, record_property: Say, pooler: str
) -> None:
    with pooled(project, primary, pooler, default_pool_size=10) as variables:
        said = shell(project, CROWD, **variables | {"DATABASE_POOL_SIZE": "10"})

    # Other lines may tell of slow queries.
    [(done, most, errors)] = re.findall(r"(?m)^(\d+) (\d+) (\d+)\b", said)
    record_property("summary", f"200 threads, {pooler}: at most {most} connections")
    assert (done, errors) == ("1000", "0"), said
    assert int(most) <= 10


SHOW = """
from django.db import connections
for alias in ("default", "direct"):
    with connections[alias].cursor() as cursor:
        for name in ("statement_timeout", "lock_timeout"):
            print(cursor.execute(f"SHOW {name}").fetchone()[0])
"""


@pytest.mark.services("pgbouncer")
@pytest.mark.parametrize("pooler", POOLERS)
def test_statement_timeout_applies_to_pages_and_not_to_migrations(
    project: Path, primary: PostgreSQL, pooler: str
) -> None:
    with pooled(project, primary, pooler) as variables:
        said = shell(project, SHOW, **variables)

    assert said.split() == ["30s", "10s", "0", "10s"]


@pytest.mark.services("pgbouncer")
def test_migrations_bypass_pgbouncer(project: Path) -> None:
    with (
        services.primary() as primary,
        pooled(project, primary, "pgbouncer") as variables,
    ):
        # Nobody could wait for a connection, or for a lock, that there is not.
        variables["DATABASE_URL"] = "postgres://app@127.0.0.1:1/postgres"
        manage(project, "migrate", "--verbosity", "0", **variables)

        assert int(primary.sql("SELECT count(*) FROM django_migrations")) > 10


def test_fork_shares_no_pool(
    project: Path, primary: PostgreSQL, tmp_path: Path
) -> None:
    copy = copy_of(project, tmp_path)
    with (copy / "config/wsgi.py").open("a") as wsgi:
        wsgi.write(
            "\nfrom apps.accounts.models import User\n\nassert User.objects.exists()\n"
        )
    variables = {"DATABASE_URL": primary.url, "WEB_CONCURRENCY": "2"}
    with (
        gunicorn(copy, tmp_path / "log", **variables) as site,
        load(f"{site}/trial/where/") as seen,
    ):
        time.sleep(2)

    assert len(seen) > 50
    assert seen.failed == []


SLOW = """
from django.db import connection
from plinth.logs.formatters import request_id

cursor = connection.cursor()
for number in range(3):
    request_id.set(f"of-request-{number}")
    cursor.execute("SELECT pg_sleep(%s)", [0.15 + number / 100])
cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()")
print(cursor.fetchone()[0])
request_id.set("-")
sleeps = "calls FROM pg_stat_statements WHERE query LIKE '%%pg_sleep%%'"
cursor.execute(f"SELECT {sleeps}")
print([calls for calls, in cursor.fetchall()])
"""


@pytest.mark.services("pgbouncer")
@pytest.mark.parametrize("pooler", ["none", "pgbouncer"])
def test_slow_query_in_the_servers_log_names_the_request(
    project: Path, pooler: str
) -> None:
    """And pg_stat_statements counts the queries of all requests together."""
    with services.primary() as primary:
        primary.sql("ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements")
        primary.sql("ALTER SYSTEM SET log_min_duration_statement = 100")
        primary.stop("fast")
        primary.start()
        primary.sql("CREATE EXTENSION pg_stat_statements")
        with pooled(project, primary, pooler) as variables:
            said = shell(project, SLOW, **variables, DATABASE_COMMENT_QUERIES="true")
        log = (primary.folder / "log").read_text()

    assert re.findall(r"statement: /\* request_id=(\S+) \*/ SELECT pg_sleep", log) == [
        "of-request-0",
        "of-request-1",
        "of-request-2",
    ]
    shown, counted = said.splitlines()[-2:]
    assert shown.startswith("/* request_id=of-request-2 */ SELECT query")
    assert counted == "[3]"
