from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from pytest_django import Settings

from plinth.accounts import forms
from plinth.accounts.models import AbstractEmailUser

# The project may have another user model.
if not issubclass(get_user_model(), AbstractEmailUser):
    collect_ignore = ["test_accounts.py", "test_pages.py"]


@pytest.fixture(autouse=True)
def plain_authentication(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever passwords the project accepts, and by which backends."""
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    settings.AUTH_PASSWORD_VALIDATORS = []
    # Where the project has sign-up, these are the pages without it.
    monkeypatch.setattr(forms, "apps", SimpleNamespace(is_installed=lambda name: False))
