"""Locks with an owner token and an expiry."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from django.core.cache import caches
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.lock import Lock as RedisLock

from plinth.cache import locks
from plinth.cache.locks import Lock, LockNotAcquired, lock

pytestmark = [pytest.mark.practice(14), pytest.mark.usefixtures("server")]


class Redis:
    """The commands of Redis that redis-py's lock uses, on a dictionary."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[bytes, float]] = {}
        self.fails = False

    def get(self, name: str) -> bytes | None:
        if self.fails:
            raise RedisConnectionError("gone")
        value, end = self.values.get(name, (b"", 0.0))
        return value if time.monotonic() < end else None

    def set(self, name: str, value: bytes, *, nx: bool, px: int) -> bool:
        if self.get(name) is not None:
            return False
        self.values[name] = value, time.monotonic() + px / 1000
        return True

    def register_script(self, script: str) -> Callable[..., int]:
        # A release is the only one of its scripts that is called here.
        return self.release

    def release(self, *, keys: list[str], args: list[bytes], client: Self) -> int:
        (name,), (token,) = keys, args
        if client.get(name) != token:
            return 0
        del client.values[name]
        return 1


class FakeRedisLock(RedisLock):
    # The class caches its scripts: a real server's stay apart.
    lua_release = lua_extend = lua_reacquire = None


class RedisCache:
    """A cache with the `lock` of django-redis."""

    def __init__(self) -> None:
        self.client = Redis()

    def lock(self, key: str, timeout: float, blocking: bool) -> RedisLock:
        return FakeRedisLock(self.client, key, timeout=timeout, blocking=blocking)


@pytest.fixture(params=["redis", "process"])
def server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Each place that locks may be in."""
    cache: Any = caches["locks"]
    if request.param == "redis":
        cache = RedisCache()
        monkeypatch.setattr(locks, "caches", {"locks": cache})
    yield cache
    if request.param == "process":
        cache.clear()


def test_second_holder_of_a_name_is_refused() -> None:
    with lock("name", 60):
        with lock("other", 60):
            pass
        with pytest.raises(LockNotAcquired), lock("name", 60):
            pytest.fail("two at once")

    with lock("name", 60):
        pass


def test_one_thread_at_a_time_holds_a_lock() -> None:
    barrier, inside, most, refused = threading.Barrier(4), [0], [0], [0]

    def work() -> None:
        barrier.wait()
        for _ in range(10):
            try:
                with lock("name", 60):
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    time.sleep(0.001)
                    inside[0] -= 1
            except LockNotAcquired:
                refused[0] += 1
                time.sleep(0.001)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1]
    assert refused[0]


def test_failed_block_releases_its_lock() -> None:
    with pytest.raises(ZeroDivisionError), lock("name", 60):
        _ = 1 // 0

    with lock("name", 60):
        pass


def test_lock_expires_while_its_block_runs() -> None:
    with lock("name", 0.05):
        with pytest.raises(LockNotAcquired), lock("name", 60):
            pytest.fail("two at once")
        time.sleep(0.06)
        with lock("name", 60):
            pass


def test_expired_lock_does_not_release_its_successor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = Lock("name", 0.05), Lock("name", 60)
    assert first.acquire()
    time.sleep(0.06)
    assert second.acquire()

    first.release()

    assert not Lock("name", 60).acquire()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "lock:name expired after 0.05 s, before its block ended" in caplog.text

    second.release()
    assert Lock("name", 60).acquire()


def test_lock_without_an_expiry_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0 seconds"), lock("name", 0):
        pytest.fail("it would never expire")


def test_lock_fails_closed_without_its_server(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_server(server, monkeypatch)

    with pytest.raises(RedisConnectionError), lock("name", 60):
        pytest.fail("another may hold it")


def test_failed_release_is_logged_and_the_lock_expires(
    server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with lock("name", 60):
        break_server(server, monkeypatch)

    assert "lock:name was not released: it expires within 60 s" in caplog.text


def break_server(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RedisConnectionError("gone")

    if isinstance(server, RedisCache):
        server.client.fails = True
    else:
        monkeypatch.setattr(server, "add", fail)
        monkeypatch.setattr(server, "get", fail)
