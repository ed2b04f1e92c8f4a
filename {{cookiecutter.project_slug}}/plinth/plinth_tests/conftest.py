from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from plinth_tests import site as small_site

PASSWORD = "a long and quiet password"


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Create the tables of models.py, which belongs to no installed app."""
    from .models import Document, DocumentImport

    models = Document, DocumentImport
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            for model in models:
                editor.create_model(model)
        yield
        with connection.schema_editor() as editor:
            for model in models:
                editor.delete_model(model)


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ann@example.com", PASSWORD, name="Ann")


@pytest.fixture
def site(settings: Settings, client: Client) -> Client:
    """A client of `plinth_tests.site`."""
    small_site.use(settings)
    return client
