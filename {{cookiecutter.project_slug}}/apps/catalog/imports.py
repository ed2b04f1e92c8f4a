"""Imports that nobody waits for: uploaded here, worked on in the background.

The file lies in the storage, where every machine finds it, until the import is over.
"""

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import PurePath
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from . import formats, services
from .formats import Row
from .models import Import
from .services import ImportReport

logger = logging.getLogger(__name__)

# One that is not over by then never will be, and how long its report is kept.
GIVEN_UP = timedelta(days=1)
KEPT = timedelta(days=30)


class NotBegunError(Exception):
    """The storage did not take the file, or the broker did not take the task."""


def begin_import(user_id: int, file: File, *, keep_good: bool) -> Import:
    """Keep an uploaded file, and have its products saved when the transaction commits."""
    # A name of our own: somebody's may hold anything.
    suffix = PurePath(file.name or "").suffix.lower()
    name = f"imports/{uuid.uuid4().hex}{suffix}"
    # First the row, by which the file is found and deleted whatever happens.
    begun = Import.objects.create(user_id=user_id, file=name, keep_good=keep_good)
    try:
        default_storage.save(name, file)
    except Exception as error:  # each storage has errors of its own
        logger.exception("The storage does not take a file")
        fail_import(begun.pk)
        raise NotBegunError from error
    # {% if cookiecutter.use_celery %}
    from .tasks import import_products

    try:
        import_products.delay_on_commit(begun.pk)
    except import_products.OperationalError as error:
        fail_import(begun.pk)
        raise NotBegunError from error
    except Exception:  # without a broker, it ran here
        fail_import(begun.pk)
        raise
    # {% else %}
    transaction.on_commit(partial(run_or_fail, begun.pk))
    # {% endif %}
    return begun


# {% if not cookiecutter.use_celery %}
def run_or_fail(pk: int) -> None:
    try:
        run_import(pk)
    except Exception:
        fail_import(pk)
        raise


# {% endif %}
def run_import(pk: int) -> None:
    """Save the products of an upload; one that was broken off is begun anew.

    That does no harm: a product that is known already is changed to what it is.
    """
    found = Import.objects.filter(pk=pk, finished=None).first()
    if not found:
        return
    read = formats.READERS[PurePath(found.file).suffix]
    State = Import.State  # noqa: N806 (it is a class)
    with default_storage.open(found.file) as file:
        if not found.keep_good:
            # First all of it is looked at: while one transaction saves it, nobody else
            # would see how far it is.
            report = services.check_products(watched(found, State.CHECKING, file, read))
            if report.error_count:
                finish(found, State.REFUSED, report)
                return
            file.seek(0)
        rows = watched(found, State.SAVING, file, read)
        report = services.import_products(rows, keep_good=found.keep_good)
    saved = report.saved or not report.error_count
    finish(found, State.SAVED if saved else State.REFUSED, report)


def watched(
    found: Import, state: Import.State, file: Any, read: formats.Reader
) -> Iterator[Row]:
    """Yield a file's rows, and write down how much of it is read: a hundred times."""
    row, last = Import.objects.filter(pk=found.pk), -1
    for fields in read(file):
        percent = min(100, 100 * file.tell() // max(1, file.size))
        if percent > last:
            row.update(state=state, percent=percent)
            last = percent
        yield fields


def finish(found: Import, state: Import.State, report: ImportReport) -> None:
    """Close an import that is not over, and delete its file."""
    Import.objects.filter(pk=found.pk, finished=None).update(
        state=state,
        saved=report.saved,
        error_count=report.error_count,
        errors="\n".join(f"Line {line}: {fault}" for line, fault in report.errors),
        finished=timezone.now(),
    )
    transaction.on_commit(partial(default_storage.delete, found.file))


def fail_import(pk: int) -> None:
    """Give up an import that is not over, whatever of it is saved."""
    for found in Import.objects.filter(pk=pk, finished=None):
        finish(found, Import.State.FAILED, ImportReport())


def clear_imports() -> None:
    """Give up what was lost, with its file, and forget old reports."""
    now = timezone.now()
    for found in Import.objects.filter(finished=None, created__lt=now - GIVEN_UP):
        finish(found, Import.State.FAILED, ImportReport())
    Import.objects.filter(created__lt=now - KEPT).delete()
