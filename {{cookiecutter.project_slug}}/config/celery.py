"""Celery: the worker is `celery --app config.celery worker`, the schedule is below."""

import os
import sys
from typing import Any

# {% if cookiecutter.error_tracking == "newrelic" %}
from config import new_relic

new_relic.start()
# {% endif %}
from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.exceptions import Retry
from celery.schedules import crontab
from celery.signals import (
    beat_init,
    before_task_publish,
    setup_logging,
    task_prerun,
    worker_init,
)
from django.conf import settings
from django.db import InterfaceError, OperationalError

from apps.core.logging import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

# What passes: a server that restarts, a lock that somebody else holds.
PASSING = (ConnectionError, TimeoutError, OperationalError, InterfaceError)


class Task(DjangoTask[..., Any]):
    """Tries again what failed by something that passes: ten times in 20 minutes at most.

    A task that calls another service adds that one's errors:
    `@app.task(autoretry_for=(*PASSING, SMTPServerDisconnected))`.
    """

    autoretry_for = PASSING
    max_retries = 10
    # Seconds, for a worker that was lost.
    default_retry_delay = 10
    # Seconds: at random up to 2, 4, 8... so that a server that is back is not run over.
    retry_backoff = 2
    retry_backoff_max = 300
    retry_jitter = True

    def retry(  # type: ignore[override]
        self, args: Any = None, kwargs: Any = None, exc: Any = None, **options: Any
    ) -> Retry:
        """Fail at once where the task runs in a request, which must not wait."""
        if self.request.is_eager and exc:
            raise exc
        return super().retry(args, kwargs, exc, **options)


app = Celery("config", task_cls=Task)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Each of them expires before it comes again, so that none pile up without a worker.
HOUR = {"expires": 3600}
app.conf.beat_schedule = {
    "clear-sessions": {
        "task": "apps.core.tasks.clear_sessions",
        "schedule": crontab(hour="3", minute="30"),
        "options": HOUR,
    },
    "clear-effects": {
        "task": "apps.jobs.tasks.clear_effects",
        "schedule": crontab(hour="3", minute="40"),
        "options": HOUR,
    },
    # {% if cookiecutter.example_app %}
    "clear-imports": {
        "task": "apps.catalog.tasks.clear_imports",
        "schedule": crontab(hour="3", minute="50"),
        "options": HOUR,
    },
    "catalog-report": {
        "task": "apps.catalog.tasks.send_report",
        "schedule": crontab(hour="6", minute="0"),
        "options": HOUR,
    },
    # {% endif %}
}


def probe_broker() -> None:
    """Raise when the broker does not take a connection within 2 seconds."""
    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


@setup_logging.connect
def keep_django_logging(**kwargs: Any) -> None:
    """Being connected is enough: Celery then leaves the log to Django's settings."""


@beat_init.connect
@worker_init.connect
def require_broker(**kwargs: Any) -> None:
    if not settings.CELERY_BROKER_URL:
        sys.exit("A worker needs a broker: set CELERY_BROKER_URL.")


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **kwargs: Any) -> None:
    headers["request_id"] = request_id.get()


@task_prerun.connect
def take_request_id(task: Task, task_id: str, **kwargs: Any) -> None:
    """Log under the id of the request that sent the task; a scheduled one has its own."""
    if task.request.is_eager:  # it runs in the request itself
        return
    sent = task.request.get("request_id", "-")
    request_id.set(task_id if sent == "-" else sent)
