import threading
import time
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from plinth.cache import locks, stampede, versions

pytestmark = pytest.mark.practice(14)


@pytest.fixture(autouse=True)
def empty_caches() -> None:
    for each in caches.all(initialized_only=True):
        each.clear()


class DeadCache:
    """What production's cache is to its callers when Redis is gone."""

    def get(self, key: str) -> None:
        return None

    def add(self, key: str, value: object, timeout: float | None = None) -> None:
        return None

    set = add


def fail(*args: object) -> None:
    raise ConnectionError("gone")


@pytest.mark.django_db
def test_a_version_stays_until_it_is_bumped(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first, other = versions.current("a"), versions.current("b")
    assert first != other
    assert versions.current("a") == first

    with django_capture_on_commit_callbacks(execute=True):
        versions.invalidate("a")

        # Not yet: others would store what they still read as new.
        assert versions.current("a") == first
    assert versions.current("a") != first
    assert versions.current("b") == other


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_drops_nothing() -> None:
    before = versions.current("a")

    with transaction.atomic():
        versions.invalidate("a")
        transaction.set_rollback(True)

    assert versions.current("a") == before


def test_a_lost_version_never_comes_back() -> None:
    before = versions.current("a")
    cache.clear()

    assert versions.current("a") != before


def test_a_value_is_computed_once_even_if_it_is_none() -> None:
    calls: list[None] = []

    for _ in range(2):
        assert stampede.get_or_set("key", lambda: calls.append(None), 60) is None

    assert len(calls) == 1


def test_of_many_who_ask_at_once_one_computes() -> None:
    calls, results = [], []

    def compute() -> str:
        calls.append(threading.get_ident())
        time.sleep(0.2)
        return "value"

    def ask() -> None:
        results.append(stampede.get_or_set("key", compute, 60))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == ["value"] * 10
    assert len(calls) == 1


def test_one_who_fails_leaves_the_work_to_the_next() -> None:
    with pytest.raises(ZeroDivisionError):
        stampede.get_or_set("key", lambda: 1 // 0, 60)

    assert stampede.get_or_set("key", lambda: "value", 60) == "value"


def test_a_lock_that_somebody_left_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stampede, "LOCK_SECONDS", 0.1)
    caches["locks"].add("key", 1, 60)

    assert stampede.get_or_set("key", lambda: "value", 60) == "value"


def test_without_a_cache_everything_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stampede, "cache", DeadCache())
    monkeypatch.setattr(caches["locks"], "add", fail)
    monkeypatch.setattr(caches["locks"], "delete", fail)
    start = time.monotonic()

    assert versions.current("a") != versions.current("a")
    assert stampede.get_or_set("key", lambda: "value", 60) == "value"

    assert time.monotonic() - start < stampede.LOCK_SECONDS / 2


def test_a_value_that_came_in_the_meantime_is_not_computed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its last holder kept it after this caller had looked, before it took the lock."""
    add = caches["locks"].add

    def keep_then_add(*args: Any) -> bool:
        cache.set("key", ("value",), 60)
        return add(*args)

    monkeypatch.setattr(caches["locks"], "add", keep_then_add)

    assert stampede.get_or_set("key", lambda: "computed", 60) == "value"


# Mutual exclusion


def test_of_two_blocks_of_one_name_one_runs() -> None:
    with locks.lock("name", 60):
        with locks.lock("other", 60):
            pass
        with pytest.raises(locks.LockNotAcquired), locks.lock("name", 60):
            pytest.fail("two at once")

    with locks.lock("name", 60):
        pass


def test_a_block_that_fails_leaves_the_lock_to_the_next() -> None:
    with pytest.raises(ZeroDivisionError), locks.lock("name", 60):
        _ = 1 // 0

    with locks.lock("name", 60):
        pass


def test_a_block_that_took_too_long_leaves_anothers_lock_alone() -> None:
    with locks.lock("name", 0):
        # The lock has ended, and is another's now.
        caches["locks"].set("name", 1, 60)

    with pytest.raises(locks.LockNotAcquired), locks.lock("name", 60):
        pytest.fail("two at once")


def test_without_its_server_no_lock_is_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches["locks"], "add", fail)

    with pytest.raises(ConnectionError), locks.lock("name", 60):
        pytest.fail("nobody knows who else is here")
