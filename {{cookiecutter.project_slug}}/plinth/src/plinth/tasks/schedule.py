"""The beat schedule of tasks that declare one, for config/celery.py."""

from typing import Any

import django
from django.apps import apps

from .app import app, import_tasks

# Seconds after which a periodic task is not run any more, so that none pile up without a
# worker.
EXPIRES = 3600


def registered() -> dict[str, dict[str, Any]]:
    """Return an entry for each task like `@app.task(beat_schedule=crontab(...))`."""
    if not apps.ready:
        django.setup()
    import_tasks()
    return {
        name: {"task": name, "schedule": schedule, "options": {"expires": EXPIRES}}
        for name, task in sorted(app.tasks.items())
        if (schedule := getattr(task, "beat_schedule", None))
    }
