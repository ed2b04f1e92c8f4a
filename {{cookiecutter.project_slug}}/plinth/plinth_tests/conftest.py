from typing import Any

import pytest
from django.contrib.auth import get_user_model

PASSWORD = "a long and quiet password"


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ann@example.com", PASSWORD, name="Ann")
