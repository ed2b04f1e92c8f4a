"""Work that no visitor waits for. Tasks are thin: they call what does the work."""

from typing import Any

from config.celery import PASSING, Task, app

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


@app.task
def clear_imports() -> None:
    """Delete what imports left (nightly, by the schedule)."""
    imports.clear_imports()


@app.task
def send_report() -> None:
    """Tell staff of yesterday (every morning, by the schedule)."""
    reports.send_report()


@app.task(autoretry_for=(*PASSING, OSError))
def make_thumbnail(product_id: int) -> None:
    """Make what lists show of a picture."""
    services.make_thumbnail(product_id)
