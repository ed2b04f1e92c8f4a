"""Caching on a real Redis: faults under load, one who computes, what is kept for whom."""

import shlex
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests import services
from tests.conftest import Bake
from tests.production import load, log_of, manage, ready, shell, trial
from tests.services import get, gunicorn, wait_until
from tests.support import Say

pytestmark = pytest.mark.services("redis")


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trial(install(), tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def database(project: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('database')}/db.sqlite3"
    manage(project, "migrate", "--verbosity", "0", DATABASE_URL=url)
    manage(project, "seed_catalog", "--products=300", DATABASE_URL=url)
    return url


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    with services.redis(tmp_path, services.free_port()) as url:
        yield url


# Faults under load


def test_redis_restart_fails_no_request(
    project: Path, database: str, tmp_path: Path, record_property: Say
) -> None:
    port, log = services.free_port(), tmp_path / "log"
    with ExitStack() as stack, ExitStack() as server:
        url = server.enter_context(services.redis(tmp_path, port))
        variables = {"DATABASE_URL": database, "REDIS_URL": url}
        site = stack.enter_context(gunicorn(project, log, **variables))
        cookie = str(get(f"{site}/trial/visit/").headers["Set-Cookie"]).split(";")[0]
        paths = ["/catalog/", "/catalog/products/?category=lamps", "/trial/visit/"]
        urls = [f"{site}{path}" for path in paths]
        with load(*urls, clients=len(urls), Cookie=cookie) as seen:
            for _ in range(2):
                tried = len(seen)
                server.close()
                # All of them meet the dead server.
                wait_until(lambda tried=tried: len(seen) > tried + 30)  # type: ignore[misc]
                # Results of probes are reused for a moment.
                wait_until(lambda: ready(site)["cache"] == "failing")
                server.enter_context(services.redis(tmp_path, port))
                wait_until(lambda: ready(site)["status"] == "ok")
        visits = int(get(f"{site}/trial/visit/", Cookie=cookie).text)

    slowest = max(answer.seconds for answer in seen)
    record_property(
        "summary",
        f"Redis stopped and started twice: {seen}, the slowest took {slowest:.2f} s",
    )
    assert seen.failed == []
    # The session outlived the server that held it.
    assert visits > 30
    errors = [line for line in log_of(log) if line["level"] == "ERROR"]
    assert any(line["name"] == "django_redis.cache" for line in errors)


def test_silent_redis_costs_seconds_once(
    project: Path, database: str, tmp_path: Path, record_property: Say
) -> None:
    with services.silent() as port:
        variables = {
            "DATABASE_URL": database,
            "REDIS_URL": f"redis://127.0.0.1:{port}",
            "SESSION_STORE": "db",
        }
        seconds = []
        with gunicorn(project, tmp_path / "log", **variables) as site:
            for _ in range(4):
                start = time.monotonic()
                page = get(f"{site}/catalog/products/?category=lamps")
                seconds.append(time.monotonic() - start)
                assert page.status == 200

    record_property("summary", f"s: {', '.join(f'{s:.2f}' for s in seconds)}")
    # Each question by itself would take a second: there are more than ten.
    assert sum(seconds) < 8


# One computes


MANY_ASK = """
import threading, time
from django.core.cache import caches
from django_redis import get_redis_connection
from plinth.cache import locks, stampede
counters = get_redis_connection("default")

def compute():
    counters.incr("computed")
    time.sleep(0.5)
    return "value"

def ask():
    start.wait()
    results.append(stampede.get_or_set("hot", compute, 60))

# Both processes start at the same moment.
counters.incr("here")
while int(counters.get("here")) < 2:
    time.sleep(0.01)
for round in range(3):
    results, start = [], threading.Barrier(8)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert results == ["value"] * 8, results
    counters.incr(f"done-{round}")
    while int(counters.get(f"done-{round}") or 0) < 2:
        time.sleep(0.01)
    caches["default"].delete("hot")
    counters.incr(f"dropped-{round}")
    while int(counters.get(f"dropped-{round}") or 0) < 2:
        time.sleep(0.01)
"""
COMPUTED = """
from django_redis import get_redis_connection
print(int(get_redis_connection("default").get("computed")))
"""


def test_one_thread_of_all_processes_computes(
    project: Path, redis: str, record_property: Say
) -> None:
    variables = {"DATABASE_URL": "sqlite://", "REDIS_URL": redis}
    processes = [
        threading.Thread(target=shell, args=(project, MANY_ASK), kwargs=variables)
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    computed = shell(project, COMPUTED, **variables).split()[-1]

    record_property(
        "summary", f"48 asked for a value that was dropped 3 times: {computed} computed"
    )
    assert computed == "3"


ALONE = """
import threading, time
from plinth.cache import locks, stampede
inside, most, busy = 0, 0, 0
def work():
    global inside, most, busy
    for _ in range(20):
        try:
            with locks.lock("name", 60):
                inside += 1
                most = max(most, inside)
                time.sleep(0.005)
                inside -= 1
        except locks.LockNotAcquired:
            busy += 1
            time.sleep(0.001)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(most, busy > 0)
"""


def test_lock_holds_across_processes(project: Path, redis: str) -> None:
    said = shell(project, ALONE, DATABASE_URL="sqlite://", REDIS_URL=redis)

    assert said.split() == ["1", "True"]


EXPIRED = """
import time
from plinth.cache.locks import Lock
first, second = Lock("name", 0.1), Lock("name", 60)
print(first.acquire())
time.sleep(0.2)
print(second.acquire())
first.release()
print(Lock("name", 60).acquire())
second.release()
print(Lock("name", 60).acquire())
"""


def test_expired_lock_does_not_release_its_successor(project: Path, redis: str) -> None:
    said = shell(project, EXPIRED, DATABASE_URL="sqlite://", REDIS_URL=redis)

    printed = [word for word in said.split() if word in {"True", "False"}]
    assert printed == ["True", "True", "False", "True"]
    assert "lock:name expired after 0.1 s, before its block ended" in said


# Caches on one server

APART = """
from django.core.cache import caches
from django_redis import get_redis_connection
get_redis_connection("default").rpush("celery", "a task")
for alias in ("default", "sessions", "locks"):
    for number in range(2_000):
        caches[alias].set(f"key-{number}", alias, 60)
caches["default"].clear()
print([caches[alias].get("key-1") for alias in ("default", "sessions", "locks")])
print(get_redis_connection("default").lrange("celery", 0, -1))
"""


def test_clear_deletes_one_cache_only(project: Path, redis: str) -> None:
    said = shell(project, APART, DATABASE_URL="sqlite://", REDIS_URL=redis)

    assert said.splitlines() == ["[None, 'sessions', 'locks']", "[b'a task']"]


FILL = """
import os
from django.core.cache import caches
from django_redis import get_redis_connection
client = get_redis_connection("default")
client.rpush("celery", "a task")
for number in range(400):
    caches["default"].set(f"page-{number}", os.urandom(50_000), 300)
    caches["locks"].set("lock", 1, 60)
    assert caches["locks"].get("lock") == 1
print(client.lrange("celery", 0, -1), client.info("stats")["evicted_keys"] > 100)
"""


def test_full_redis_evicts_only_keys_with_an_expiry(
    project: Path, tmp_path: Path
) -> None:
    compose = yaml.safe_load((project / "compose.yml").read_text())
    command = compose["services"]["redis"]["command"]
    command = shlex.split(command.replace("${POSTGRES_PASSWORD}", "secret"))
    port = services.free_port()
    # Of two of the same option the later counts.
    own = f"--bind 127.0.0.1 --port {port} --save".split()
    less = ["", "--maxmemory", "8mb"]
    with services.process(
        *command, *own, *less, cwd=tmp_path, log=tmp_path / "redis.log"
    ):
        wait_until(lambda: services.listens(port))
        url = f"redis://:secret@127.0.0.1:{port}"
        said = shell(project, FILL, DATABASE_URL="sqlite://", REDIS_URL=url)

    assert said.strip() == "[b'a task'] True"


# Kept queries

READ = """
from django.db import connection
from django.test.utils import CaptureQueriesContext
from apps.catalog.models import Category
for _ in range(2):
    with CaptureQueriesContext(connection) as captured:
        names = [category.name for category in Category.objects.all()]
    print(len(captured), *names)
Category.objects.filter(name="Lamps").update(name="Lights")
"""


def test_write_invalidates_queries_of_other_processes(
    project: Path, database: str, redis: str
) -> None:
    variables = {"DATABASE_URL": database, "REDIS_URL": redis}

    first, again = shell(project, READ, **variables).splitlines()
    other, once_more = shell(project, READ, **variables).splitlines()

    assert (first[0], again[0]) == ("1", "0")
    assert "Lamps" in first
    # The other process asks anew, as there was a write, and then no more.
    assert (other[0], once_more[0]) == ("1", "0")
    assert "Lights" in other
    assert first[1:] == again[1:]


# What a cache in front may keep


def test_only_anonymous_pages_are_public(
    project: Path, database: str, tmp_path: Path
) -> None:
    variables = {"DATABASE_URL": database}
    with gunicorn(project, tmp_path / "log", **variables) as site:
        for path in (
            "/catalog/",
            "/catalog/products/",
            "/catalog/product/SEED-000000001/",
        ):
            page = get(f"{site}{path}?utm_source=letter", Accept_Encoding="gzip;q=0")
            assert page.status == 200
            assert "Set-Cookie" not in page.headers
            said = page.headers["Cache-Control"].split(", ")
            assert {"public", "s-maxage=60"} <= set(said)
            own = get(f"{site}{path}", Cookie="__Host-sessionid=x")
            assert "private" in own.headers["Cache-Control"]
            assert "s-maxage" not in own.headers["Cache-Control"]
