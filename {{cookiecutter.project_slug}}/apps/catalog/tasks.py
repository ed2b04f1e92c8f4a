"""Work that no visitor waits for. Tasks are thin: they call what does the work."""

from typing import Any

from celery.schedules import crontab

from plinth.tasks.app import TRANSIENT_ERRORS, Task, app

from . import imports, reports, services


class ImportTask(Task):
    """One that fails for good, by a time limit too, leaves no file behind."""

    def on_failure(
        self, exc: Exception, task_id: str, args: Any, *rest: Any, **kwargs: Any
    ) -> None:
        imports.fail_import(args[0])


@app.task(base=ImportTask)
def import_products(pk: int) -> None:
    imports.run_import(pk)


@app.task(beat_schedule=crontab(hour="3", minute="50"))
def clear_imports() -> None:
    """Delete the records and files of finished imports."""
    imports.clear_imports()


@app.task(beat_schedule=crontab(hour="6", minute="0"))
def send_report() -> None:
    """Mail yesterday's report to staff."""
    reports.send_report()


@app.task(autoretry_for=(*TRANSIENT_ERRORS, OSError))
def make_thumbnail(product_id: int) -> None:
    """Make what lists show of a picture."""
    services.make_thumbnail(product_id)
