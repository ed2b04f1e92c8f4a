"""The base of a task that runs an import."""

from typing import Any

from plinth.tasks.app import Task

from .models import AbstractImport


class ImportTask(Task):
    """Gives up the import when it fails for good, by a time limit too.

    `@app.task(base=ImportTask, model=Import)`; its argument is `pk`.
    """

    model: type[AbstractImport]

    def on_failure(
        self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: object
    ) -> None:
        self.model.fail(kwargs["pk"])
