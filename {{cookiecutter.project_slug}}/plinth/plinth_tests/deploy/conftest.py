"""Values of production that the servers' configuration must agree with."""

import pytest

from plinth_tests.processes import EMBEDDED, run_code


@pytest.fixture(scope="module")
def production() -> dict[str, str]:
    """Names and numbers of production, read in its own process."""
    code = """
import config.wsgi
from django.conf import settings
from config import gunicorn
print("session", settings.SESSION_COOKIE_NAME)
print("token", settings.CSRF_COOKIE_NAME)
print("timeout", gunicorn.timeout)
print("keepalive", gunicorn.keepalive)
print("graceful_timeout", gunicorn.graceful_timeout)
"""
    lines = run_code(code, **EMBEDDED).stdout.splitlines()
    return dict(line.split(" ") for line in lines if line.count(" ") == 1)
