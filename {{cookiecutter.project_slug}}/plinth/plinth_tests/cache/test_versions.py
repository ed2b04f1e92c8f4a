"""Versioned cache keys, and protection against a cache stampede."""

import threading
import time
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.db import transaction

from plinth.cache import stampede, versions
from plinth.testing.plugin import Commit

pytestmark = pytest.mark.practice(14)


@pytest.fixture(autouse=True)
def empty_caches() -> None:
    for each in caches.all(initialized_only=True):
        each.clear()


class DeadCache:
    """What Redis's cache is to its callers when the server is down."""

    def get(self, key: str) -> None:
        return None

    def add(self, key: str, value: object, timeout: float | None = None) -> None:
        return None

    set = add


def fail(*args: object) -> None:
    raise ConnectionError("gone")


@pytest.mark.django_db
def test_invalidation_starts_a_new_version_at_commit(commit: Commit) -> None:
    first, other = versions.current("a"), versions.current("b")
    assert first != other
    assert versions.current("a") == first

    with commit():
        versions.invalidate("a")

        # Not yet: others would cache what they still read under the new version.
        assert versions.current("a") == first
    assert versions.current("a") != first
    assert versions.current("b") == other


@pytest.mark.django_db(transaction=True)
def test_rollback_invalidates_nothing() -> None:
    before = versions.current("a")

    with transaction.atomic():
        versions.invalidate("a")
        transaction.set_rollback(True)

    assert versions.current("a") == before


def test_evicted_version_never_comes_back() -> None:
    before = versions.current("a")
    cache.clear()

    assert versions.current("a") != before


# Stampede protection


def test_value_is_computed_once_even_if_it_is_none() -> None:
    calls: list[None] = []

    for _ in range(2):
        assert stampede.get_or_set("key", lambda: calls.append(None), 60) is None

    assert len(calls) == 1


def test_one_of_many_concurrent_callers_computes() -> None:
    calls, results = [], []

    def compute() -> str:
        calls.append(threading.get_ident())
        time.sleep(0.2)
        return "value"

    def call() -> None:
        results.append(stampede.get_or_set("key", compute, 60))

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == ["value"] * 10
    assert len(calls) == 1


def test_failed_caller_releases_the_lock() -> None:
    with pytest.raises(ZeroDivisionError):
        stampede.get_or_set("key", lambda: 1 // 0, 60)

    assert stampede.get_or_set("key", lambda: "value", 60) == "value"


def test_abandoned_lock_is_waited_for_no_longer_than_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stampede, "LOCK_SECONDS", 0.1)
    caches["locks"].add("lock:key", "the token of another", 60)
    start = time.monotonic()

    assert stampede.get_or_set("key", lambda: "value", 60) == "value"

    assert time.monotonic() - start > 0.1


def test_dead_cache_and_lock_server_cost_no_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(versions, "cache", DeadCache())
    monkeypatch.setattr(stampede, "cache", DeadCache())
    monkeypatch.setattr(caches["locks"], "add", fail)
    start = time.monotonic()

    assert versions.current("a") != versions.current("a")
    assert stampede.get_or_set("key", lambda: "value", 60) == "value"

    assert time.monotonic() - start < stampede.LOCK_SECONDS / 2
    (record,) = caplog.records
    assert record.getMessage() == "lock:key can't be acquired: its server fails"


def test_value_is_read_again_under_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last holder may have set it between this caller's read and its acquisition."""
    add = caches["locks"].add

    def set_then_add(*args: Any) -> bool:
        cache.set("key", ("value",), 60)
        return add(*args)

    monkeypatch.setattr(caches["locks"], "add", set_then_add)

    assert stampede.get_or_set("key", lambda: "computed", 60) == "value"
