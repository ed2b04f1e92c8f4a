"""Deletion of expired rows; `manage.py clear_api` does it without Celery."""

from celery.schedules import crontab
from django.core.management import call_command

from plinth.tasks.app import app


@app.task(beat_schedule=crontab(hour="3", minute="50"))
def clear_api() -> None:
    """Delete expired tokens and responses."""
    call_command("clear_api")
