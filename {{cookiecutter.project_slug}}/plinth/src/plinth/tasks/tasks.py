"""Periodic maintenance of the database."""

from celery.schedules import crontab
from django.core.management import call_command

from . import services
from .app import app


@app.task(beat_schedule=crontab(hour="3", minute="30"))
def clear_sessions() -> None:
    """Delete expired sessions."""
    call_command("clearsessions")


@app.task(beat_schedule=crontab(hour="3", minute="40"))
def clear_idempotency_keys() -> None:
    """Delete expired idempotency keys."""
    services.clear_idempotency_keys()
