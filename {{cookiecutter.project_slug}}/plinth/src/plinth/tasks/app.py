"""The Celery app and the base classes of tasks."""

import sys
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.exceptions import Retry
from celery.schedules import BaseSchedule
from celery.signals import (
    beat_init,
    before_task_publish,
    setup_logging,
    task_prerun,
    worker_init,
)
from django.conf import settings
from django.db import InterfaceError, OperationalError

from plinth.logs.formatters import request_id

from .defaults import defaults

# A lost connection, a lock timeout.
TRANSIENT_ERRORS = (ConnectionError, TimeoutError, OperationalError, InterfaceError)


class Task(DjangoTask[..., Any]):
    """Retries transient errors up to ten times in 20 minutes, with backoff and jitter.

    A task that calls a service adds its errors:
    `@app.task(autoretry_for=(*TRANSIENT_ERRORS, SMTPServerDisconnected))`.
    """

    # When beat enqueues it, as in `@app.task(beat_schedule=crontab(hour="3", minute="0"))`.
    beat_schedule: BaseSchedule | None = None

    autoretry_for = TRANSIENT_ERRORS
    max_retries = 10
    # Seconds, after a lost worker.
    default_retry_delay = 10
    # Seconds: at random up to 2, 4, 8..., so that a recovered server is not flooded.
    retry_backoff = 2
    retry_backoff_max = 300
    retry_jitter = True

    def retry(  # type: ignore[override]
        self, args: Any = None, kwargs: Any = None, exc: Any = None, **options: Any
    ) -> Retry:
        """Fail at once in an eager task: its request must not wait."""
        if self.request.is_eager and exc:
            raise exc
        return super().retry(args, kwargs, exc, **options)

    def start_strategy(self, app: Any, consumer: Any, **options: Any) -> Any:
        """Log `Task received` with the request id too: the worker's main process does."""
        receive = super().start_strategy(app, consumer, **options)

        def receive_with_id(message: Any, *args: Any, **kwargs: Any) -> Any:
            headers = message.headers or {}
            token = request_id.set(id_of(headers.get("request_id"), headers.get("id")))
            try:
                return receive(message, *args, **kwargs)
            finally:
                request_id.reset(token)

        return receive_with_id


class SensitiveTask(Task):
    """A task whose arguments, such as addresses and links, are hidden from monitoring.

    Logs, events and Flower show `(...)` in their place; the broker holds them in plain
    text.
    """

    def apply_async(
        self, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any
    ) -> Any:
        options |= {"argsrepr": "(...)", "kwargsrepr": "{...}"}
        return super().apply_async(args, kwargs, *rest, **options)


app = Celery("plinth", task_cls=Task)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.add_defaults(defaults)
# Installed apps, and a package of none: the user model is the project's.
PACKAGES = (None, ["plinth.accounts"])
for packages in PACKAGES:
    app.autodiscover_tasks(packages)


def import_tasks() -> None:
    """Import all tasks, as a worker does.

    Without its system checks: for a JSONField, they query SQLite.
    """
    for module in app.loader.default_modules:
        app.loader.import_task_module(module)
    for packages in PACKAGES:
        app.autodiscover_tasks(packages, force=True)


def probe_broker() -> None:
    """Raise when the broker does not accept a connection within 2 seconds."""
    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


@setup_logging.connect
def keep_django_logging(**kwargs: Any) -> None:
    """A connected receiver keeps Celery from replacing Django's logging."""


@beat_init.connect
@worker_init.connect
def require_broker(**kwargs: Any) -> None:
    if not settings.CELERY_BROKER_URL:
        sys.exit("A worker needs a broker: set CELERY_BROKER_URL.")


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **kwargs: Any) -> None:
    headers["request_id"] = request_id.get()


@task_prerun.connect
def set_request_id(task: Task, task_id: str, **kwargs: Any) -> None:
    """Log under the id of the request that enqueued the task, or else the task's own."""
    if task.request.is_eager:  # it runs in the request
        return
    request_id.set(id_of(task.request.get("request_id"), task_id))


def id_of(sent: str | None, task_id: str | None) -> str:
    """Return the id of the request that has enqueued a task, or else the task's own."""
    return (sent if sent != "-" else None) or task_id or "-"
