"""The container's healthcheck of a worker and of beat."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from plinth.tasks.app import app
from plinth_tests.processes import EMBEDDED, evaluate


@pytest.mark.parametrize("role", ["worker", "beat"])
def test_healthcheck_pings_through_the_broker(role: str) -> None:
    # Without DJANGO_SETTINGS_MODULE, as in a development container.
    done = subprocess.run(
        [sys.executable, "-m", "plinth.server.healthcheck", role],
        cwd=settings.BASE_DIR,
        env={"ENV_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "There is no broker: set CELERY_BROKER_URL." in done.stderr


def test_ping_imports_no_app() -> None:
    """Which would take more processor time than the ping."""
    code = """
from django.apps import apps
from plinth.tasks.ping import ping
result = [ping(), apps.apps_ready]
"""
    dead = {"CELERY_BROKER_URL": "redis://127.0.0.1:1"}

    error, imported = evaluate(code, **EMBEDDED | dead)

    assert error.startswith("The broker does not answer: ")
    assert not imported


def test_beat_answers_pings_while_its_schedule_is_on_time() -> None:
    assert app.conf.beat_enable_remote_control
    # Seconds: beat stops answering 60 s after its last loop.
    assert app.conf.beat_max_loop_interval * 2 <= 60
