from config.celery import app

from . import services


@app.task
def clear_effects() -> None:
    """Forget what was done long ago (nightly, by the schedule)."""
    services.clear_effects()
