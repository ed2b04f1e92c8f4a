import pytest
from django.apps import apps

if not apps.is_installed("plinth.tasks"):
    pytest.skip("an extra: celery", allow_module_level=True)
