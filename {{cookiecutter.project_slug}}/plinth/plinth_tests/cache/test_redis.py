import json
import socket
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from redis import exceptions

from plinth.cache import redis
from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.practice(14)


def test_a_cache_that_hangs_costs_a_page_seconds_and_no_error() -> None:
    code = """
import time
import config.wsgi
from django.core.cache import cache
start = time.monotonic()
print(cache.get("key", "nothing"), time.monotonic() - start)
for _ in range(20):
    cache.set("key", 1)
print(time.monotonic() - start)
"""
    # It takes connections, and never says a word.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        done = run_code(code, **(EMBEDDED | {"REDIS_URL": url}))

    value, seconds, in_all = done.stdout.split()
    assert value == "nothing"
    # Redis's own client would wait for five, and each time anew.
    assert float(seconds) < 4
    assert float(in_all) < 8
    assert '"name": "django_redis.cache"' in done.stderr


ALIASES = """
import json
import config.wsgi
from django.conf import settings
from django.core.cache import caches
print(json.dumps({
    alias: [caches[alias]._server, caches[alias].key_prefix]
    for alias in ("default", "sessions", "locks")
} | {"probes": sorted(settings.HEALTH_PROBES), "of": settings.SESSION_CACHE_ALIAS}))
"""


def test_sessions_and_locks_may_have_servers_of_their_own() -> None:
    one, two, three = (f"redis://127.0.0.1:{port}" for port in (1, 2, 3))
    shared = {"REDIS_URL": one}

    together = json.loads(run_code(ALIASES, **(EMBEDDED | shared)).stdout)
    own = {"REDIS_SESSIONS_URL": two, "REDIS_LOCKS_URL": three}
    apart = json.loads(run_code(ALIASES, **(EMBEDDED | shared | own)).stdout)

    # On one server, no name of one is a name of another.
    for alias in ("default", "sessions", "locks"):
        assert together[alias] == [one, alias]
    assert [apart[alias][0] for alias in ("default", "sessions", "locks")] == [
        one,
        two,
        three,
    ]
    assert apart["of"] == "sessions"
    assert {*apart["probes"]} - {*together["probes"]} == {"sessions", "locks"}


def test_a_server_that_did_not_answer_is_asked_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, attempts = [1_000.0], []
    monkeypatch.setattr("plinth.cache.redis.time.monotonic", lambda: now[0])
    pool = redis.CircuitBreakerPool(host="127.0.0.1", port=1)
    connect = pool.connection_class.connect

    def attempt(connection: Any) -> None:
        attempts.append(now[0])
        connect(connection)

    monkeypatch.setattr(pool.connection_class, "connect", attempt)

    for seconds in (0, 0, redis.PAUSE - 1, 1, 0):
        now[0] += seconds
        with pytest.raises(exceptions.ConnectionError):
            pool.get_connection()

    assert attempts == [1_000, 1_000 + redis.PAUSE]


def test_who_asks_for_a_lock_hears_that_redis_is_dead() -> None:
    code = """
import config.wsgi
from plinth.cache import locks, stampede
from django.core.cache import caches
print(caches["default"].get("key", "nothing"))
print(caches["sessions"].get("key", "nothing"))
print(stampede.get_or_set("key", lambda: "computed", 60))
try:
    with locks.lock("name", 60):
        print("two at once")
except Exception as error:
    print(type(error).__name__)
"""
    done = run_code(code, **(EMBEDDED | {"REDIS_URL": "redis://127.0.0.1:1"}))

    assert done.stdout.split() == ["nothing", "nothing", "computed", "ConnectionError"]
    assert "No lock is to be had" in done.stderr


@pytest.mark.parametrize("alias", ["default", "sessions", "locks"])
def test_each_cache_of_a_process_is_apart(alias: str) -> None:
    for each in settings.CACHES:
        caches[each].set("key", each, 60)

    caches[alias].clear()

    kept = {each: caches[each].get("key") for each in settings.CACHES}
    assert kept == {each: each if each != alias else None for each in settings.CACHES}
