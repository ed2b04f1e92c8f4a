"""A ping of a worker, or of beat, through the broker: `python -m plinth.tasks.ping [NODE]`.

A healthcheck runs it every few seconds, so it imports no app: that would take twice its
processor time. `manage.py ping_worker` does the same for people.
"""

import os
import socket
import sys

from django.conf import settings


def ping(node: str = "", timeout: float = 5) -> str:
    """Return the error of a node, by default this machine's worker; empty if it answers.

    `timeout` is in seconds.
    """
    # It reads the settings.
    from plinth.tasks.app import app, probe_broker

    node = node or f"celery@{socket.gethostname()}"
    if not settings.CELERY_BROKER_URL:
        return "There is no broker: set CELERY_BROKER_URL."
    try:
        probe_broker()
        # Through the broker, as tasks come: a worker can be alive and disconnected.
        answers = app.control.ping(destination=[node], timeout=timeout)
    except Exception as error:  # noqa: BLE001
        return f"The broker does not answer: {error}"
    return "" if answers else f"{node} does not answer within {timeout:g} seconds."


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    sys.exit(ping("".join(sys.argv[1:2])) or 0)
