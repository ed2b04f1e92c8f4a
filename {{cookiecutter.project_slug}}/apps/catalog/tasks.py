"""Background work of the catalogue. Tasks are thin: they call services."""

from celery.schedules import crontab

from plinth.data.import_task import ImportTask
from plinth.tasks.app import TRANSIENT_ERRORS, app

from . import reports, services
from .models import Import


@app.task(base=ImportTask, model=Import)
def import_products(pk: int) -> None:
    Import.run(pk)


@app.task(beat_schedule=crontab(hour="3", minute="50"))
def clear_imports() -> None:
    """Delete the files of lost imports, and old reports."""
    Import.clear()


@app.task(beat_schedule=crontab(hour="6", minute="0"))
def send_report() -> None:
    """Send yesterday's report to staff."""
    reports.send_report()


@app.task(autoretry_for=(*TRANSIENT_ERRORS, OSError))
def make_thumbnail(product_id: int) -> None:
    services.make_thumbnail(product_id)
