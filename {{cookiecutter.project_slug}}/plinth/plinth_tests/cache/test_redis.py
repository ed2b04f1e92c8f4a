"""Redis: aliases, circuit breaker, and what happens while it is down."""

import json
import socket
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from redis import exceptions

from plinth.cache import redis
from plinth_tests.processes import EMBEDDED, evaluate, run_code

pytestmark = pytest.mark.practice(14)


def test_silent_cache_costs_seconds_and_no_error() -> None:
    code = """
import time, json
import config.wsgi
from django.core.cache import cache
start = time.monotonic()
first = [cache.get("key", "nothing"), time.monotonic() - start]
for _ in range(20):
    cache.set("key", 1)
print(json.dumps([*first, time.monotonic() - start]))
"""
    # It accepts connections and sends nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        done = run_code(code, **EMBEDDED | {"REDIS_URL": url})

    value, first, total = json.loads(done.stdout)
    assert value == "nothing"
    # The time-out of one command, of 21.
    assert first < 4
    assert total < 8
    lines = [line for line in done.stderr.splitlines() if "django_redis.cache" in line]
    # One each time that the circuit breaker opens, for five seconds.
    assert 1 <= len(lines) <= 2
    assert "Timeout" in lines[0]
    assert "Traceback" not in done.stderr


ALIASES = """
import config.wsgi
from django.conf import settings
from django.core.cache import caches
from plinth.health import probes
names = ("default", "sessions", "locks", "throttle")
result = {alias: [caches[alias]._server, caches[alias].key_prefix] for alias in names}
result["probes"] = sorted(probes.registered())
result["session alias"] = settings.SESSION_CACHE_ALIAS
"""


def test_sessions_and_locks_may_have_a_redis_of_their_own() -> None:
    one, two, three = (f"redis://127.0.0.1:{port}" for port in (1, 2, 3))
    shared = {"REDIS_URL": one}
    own = {"REDIS_SESSIONS_URL": two, "REDIS_LOCKS_URL": three}

    together = evaluate(ALIASES, **EMBEDDED | shared)
    apart = evaluate(ALIASES, **EMBEDDED | shared | own)

    # On a shared server, the prefix keeps the keys apart.
    for alias in ("default", "sessions", "locks", "throttle"):
        assert together[alias] == [one, alias]
    assert apart["default"][0] == apart["throttle"][0] == one
    assert apart["sessions"][0] == two
    assert apart["locks"][0] == three
    assert apart["session alias"] == "sessions"
    # A server of its own has a health probe of its own.
    assert {*apart["probes"]} - {*together["probes"]} == {"sessions", "locks"}


def test_circuit_breaker_opens_for_seconds_after_a_failure(
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

    for seconds in (0, 0, redis.OPEN_SECONDS - 1, 1, 0):
        now[0] += seconds
        with pytest.raises(exceptions.ConnectionError):
            pool.get_connection()

    assert attempts == [1_000, 1_000 + redis.OPEN_SECONDS]


def test_dead_redis_fails_caches_open_and_locks_closed() -> None:
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
    done = run_code(code, **EMBEDDED | {"REDIS_URL": "redis://127.0.0.1:1"})

    assert done.stdout.split() == ["nothing", "nothing", "computed", "CircuitOpenError"]
    assert "lock:key can't be acquired: its server fails" in done.stderr


def test_in_process_caches_are_apart() -> None:
    aliases = ("default", "sessions", "locks", "throttle", "process")
    for alias in aliases:
        assert alias in settings.CACHES
        caches[alias].set("key", alias, 60)

    for cleared in aliases:
        caches[cleared].clear()
        others = [alias for alias in aliases if caches[alias].get("key") == alias]
        assert others == [alias for alias in aliases if alias != cleared]
        caches[cleared].set("key", cleared, 60)
