"""Values of production that the servers' configuration must agree with."""

from pathlib import Path

import pytest
from django.conf import settings

from plinth_tests.processes import EMBEDDED, run_code

# What another deployment has not, or the owner may delete, and the tests that go with it.
FILES = {
    "test_ansible.py": ["deploy/ansible", "deploy/nginx"],
    "test_backup.py": ["deploy/backup.sh"],
    "test_compose.py": [
        "deploy/compose",
        "deploy/logs",
        "deploy/nginx",
        "deploy/pgbouncer",
    ],
    "test_nginx.py": ["deploy/nginx"],
    "test_pgbouncer.py": ["deploy/pgbouncer"],
    "test_tls.py": ["deploy/nginx"],
    "test_web_cache.py": ["deploy/nginx", "deploy/varnish"],
}


def missing(test_file: str) -> list[str]:
    places = FILES.get(test_file, [])
    return [place for place in places if not (settings.BASE_DIR / place).exists()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and missing(item.path.name):
            reason = f"not here: {', '.join(missing(item.path.name))}"
            item.add_marker(pytest.mark.skip(reason))


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
