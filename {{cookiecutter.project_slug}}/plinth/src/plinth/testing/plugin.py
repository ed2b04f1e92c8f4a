"""pytest plugin of the project; addopts in pyproject.toml loads it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from zeal import zeal_context

Commit = Callable[[], AbstractContextManager[object]]


@pytest.fixture(autouse=True)
def no_repeated_queries() -> Iterator[None]:
    """Raise on an N+1 query, in every test."""
    with zeal_context():
        yield


@pytest.fixture
def commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Commit:
    """Run on_commit callbacks at the end of a block: a test's transaction never commits."""
    return partial(django_capture_on_commit_callbacks, execute=True)
