from django.apps import AppConfig
from django.conf import settings


class TasksConfig(AppConfig):
    name = "plinth.tasks"
    # As in release 0.1.0, whose migrations have this label.
    label = "jobs"

    @property
    def health_probes(self) -> dict[str, str]:
        if not settings.CELERY_BROKER_URL:
            return {}
        return {"broker": "plinth.tasks.app.probe_broker"}
