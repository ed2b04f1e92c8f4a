from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from zeal import zeal_context

from apps.accounts.models import User

Commit = Callable[[], AbstractContextManager[object]]

PASSWORD = "a long and quiet password"


@pytest.fixture(autouse=True)
def no_repeated_queries() -> Iterator[None]:
    """Raise where code makes the same query again and again (N+1), in every test."""
    with zeal_context():
        yield


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ann@example.com", PASSWORD, name="Ann")


@pytest.fixture
def commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Commit:
    """Do at the end of a block what waits for the transaction that a test never ends."""
    return partial(django_capture_on_commit_callbacks, execute=True)
