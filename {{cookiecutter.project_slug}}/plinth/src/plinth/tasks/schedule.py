"""The periodic tasks that apps register, for config/celery.py."""

from typing import Any

import django

from .app import app


def registered() -> dict[str, dict[str, Any]]:
    """Return the schedule of tasks that have one: `@app.task(beat_schedule=crontab(...))`.

    An entry expires in an hour, so that none pile up while there is no worker.
    """
    django.setup()
    app.loader.import_default_modules()
    return {
        task.name: {
            "task": task.name,
            "schedule": task.beat_schedule,
            "options": {"expires": 3600},
        }
        for task in app.tasks.values()
        if getattr(task, "beat_schedule", None)
    }
