import pytest
from django.apps import apps


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if apps.is_installed("plinth.practices"):
        return
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.skip("plinth.practices is not installed"))
