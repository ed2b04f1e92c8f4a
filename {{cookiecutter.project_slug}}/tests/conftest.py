from collections.abc import Iterator

import pytest
from zeal import zeal_context

from apps.accounts.models import User

PASSWORD = "a long and quiet password"


@pytest.fixture(autouse=True)
def no_repeated_queries() -> Iterator[None]:
    """Raise where code makes the same query again and again (N+1), in every test."""
    with zeal_context():
        yield


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ann@example.com", PASSWORD, name="Ann")
