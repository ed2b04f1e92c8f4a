"""Deletion of accounts; `manage.py delete_accounts` does it without Celery."""

from celery.schedules import crontab

from plinth.tasks.app import app

from . import services


@app.task(beat_schedule=crontab(hour="4", minute="0"))
def delete_accounts() -> None:
    """Delete the accounts whose requested deletion is due, and traces of ended sessions."""
    services.delete_due()
    services.clear_sessions()
