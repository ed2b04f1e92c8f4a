"""Work that no visitor waits for. Tasks are thin: they call what does the work."""

from django.core.management import call_command

from config.celery import app


@app.task
def clear_sessions() -> None:
    """Delete the sessions that have run out (nightly, by the schedule)."""
    call_command("clearsessions")
