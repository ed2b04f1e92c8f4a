"""The container's healthcheck of a worker and of beat."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from plinth.tasks.app import app


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


def test_beat_answers_pings_while_its_schedule_is_on_time() -> None:
    assert app.conf.beat_enable_remote_control
    # Seconds: beat stops answering 60 s after its last loop.
    assert app.conf.beat_max_loop_interval * 2 <= 60
