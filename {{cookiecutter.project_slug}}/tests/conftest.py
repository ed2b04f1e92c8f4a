import pytest

from apps.accounts.models import User

PASSWORD = "a long and quiet password"


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ann@example.com", PASSWORD, name="Ann")
