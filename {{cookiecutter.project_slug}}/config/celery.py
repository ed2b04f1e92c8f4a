"""Celery: the worker is `celery --app config.celery worker`, the schedule is below."""

import os
import sys
from typing import Any

# {% if cookiecutter.error_tracking == "newrelic" %}
from config import new_relic

new_relic.start()
# {% endif %}
from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import before_task_publish, setup_logging, task_prerun, worker_init
from django.conf import settings

from apps.core.logging import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "clear-sessions": {
        "task": "apps.core.tasks.clear_sessions",
        "schedule": crontab(hour="3", minute="30"),
    },
}


def probe_broker() -> None:
    """Raise when the broker does not take a connection within 2 seconds."""
    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


@setup_logging.connect
def keep_django_logging(**kwargs: Any) -> None:
    """Being connected is enough: Celery then leaves the log to Django's settings."""


@worker_init.connect
def require_broker(**kwargs: Any) -> None:
    if not settings.CELERY_BROKER_URL:
        sys.exit("A worker needs a broker: set CELERY_BROKER_URL.")


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **kwargs: Any) -> None:
    headers["request_id"] = request_id.get()


@task_prerun.connect
def take_request_id(task: Task[..., Any], task_id: str, **kwargs: Any) -> None:
    """Log under the id of the request that sent the task; a scheduled one has its own."""
    if task.request.is_eager:  # it runs in the request itself
        return
    sent = task.request.get("request_id", "-")
    request_id.set(task_id if sent == "-" else sent)
