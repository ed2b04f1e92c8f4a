"""Password hashes: memory of each, and of all threads against the container's limit."""

import threading
from typing import Any

import pytest
from django.contrib.auth import hashers
from pytest_django import Settings

from plinth.accounts.hashers import Argon2PasswordHasher
from plinth.server import memory
from plinth.server.resources import memory_limits
from plinth_tests.conftest import PASSWORD
from plinth_tests.processes import COMPLETE, evaluate

DJANGOS = hashers.Argon2PasswordHasher


@pytest.fixture(autouse=True)
def argon2(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["plinth.accounts.hashers.Argon2PasswordHasher"]


def test_production_hashes_with_19_mib() -> None:
    code = """
from django.contrib.auth.hashers import make_password
result = make_password("a long and quiet password")
"""
    assert evaluate(code, **COMPLETE).startswith(
        "argon2$argon2id$v=19$m=19456,t=2,p=1$"
    )


def test_hash_of_djangos_default_verifies_and_is_upgraded() -> None:
    old = DJANGOS().encode(PASSWORD, "a-salt-of-16-chars")
    upgraded: list[str] = []

    assert hashers.check_password(PASSWORD, old, upgraded.append)
    assert not hashers.check_password("another", old)
    assert upgraded == [PASSWORD]


def test_large_hashes_are_verified_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running: list[int] = []
    both = threading.Barrier(2)

    def verify(self: object, password: str, encoded: str) -> bool:
        running.append(len(running))
        try:
            both.wait(timeout=0.2)
        except threading.BrokenBarrierError:
            return True
        return False

    encoded = DJANGOS().encode(PASSWORD, "a-salt-of-16-chars")
    monkeypatch.setattr(DJANGOS, "verify", verify)
    alone: list[bool] = []

    def sign_in() -> None:
        alone.append(Argon2PasswordHasher().verify(PASSWORD, encoded))

    threads = [threading.Thread(target=sign_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alone == [True, True]


@pytest.mark.parametrize(
    ("threads", "limit", "fits"),
    [(4, 1 << 30, True), (12, 1 << 30, False), (4, 256 << 20, False)],
)
def test_hashes_of_all_threads_are_compared_with_the_memory_limit(
    monkeypatch: pytest.MonkeyPatch, threads: int, limit: int, fits: bool
) -> None:
    monkeypatch.setattr(memory, "memory_limits", lambda: iter([limit, 1 << 40]))

    assert bool(memory.hash_memory_warning(3, threads)) is not fits


def test_hashes_of_djangos_default_do_not_fit_into_a_gibibyte(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = [f"{DJANGOS.__module__}.{DJANGOS.__name__}"]
    monkeypatch.setattr(memory, "memory_limits", lambda: iter([1 << 30]))

    assert memory.hash_memory_warning(3, 4) == (
        "3 workers of 4 threads hash passwords with up to 1200 MiB, and the container is "
        "limited to 1024 MiB: lower WEB_CONCURRENCY or WEB_THREADS, or raise the limit."
    )


def test_memory_limit_of_each_control_group_is_read(tmp_path: Any) -> None:
    own = tmp_path / "own"
    own.write_text("0::/a/b\n")
    (tmp_path / "mount/a/b").mkdir(parents=True)
    (tmp_path / "mount/a/memory.max").write_text("1073741824\n")
    (tmp_path / "mount/a/b/memory.max").write_text("max\n")

    assert list(memory_limits(tmp_path / "mount", own)) == [1 << 30]
