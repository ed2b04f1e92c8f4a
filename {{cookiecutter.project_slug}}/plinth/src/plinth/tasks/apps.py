from django.apps import AppConfig
from django.conf import settings

from plinth import metrics


class TasksConfig(AppConfig):
    name = "plinth.tasks"
    # As in release 0.1.0, whose migrations have this label.
    label = "jobs"

    @property
    def health_probes(self) -> dict[str, str]:
        if not settings.CELERY_BROKER_URL:
            return {}
        return {"broker": "plinth.tasks.app.probe_broker"}

    @property
    def metrics(self) -> dict[str, str]:
        if not settings.CELERY_BROKER_URL:
            return {}
        return {"queues": "plinth.tasks.metrics.queues"}

    def ready(self) -> None:
        if metrics.enabled() and settings.CELERY_BROKER_URL:
            from . import metrics as receivers  # noqa: F401 (connects its receivers)
