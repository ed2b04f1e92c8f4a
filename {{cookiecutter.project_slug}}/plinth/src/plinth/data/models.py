"""Imports in the background: a file is uploaded, a task saves its rows, a page shows how far.

The file is in the default storage, where every machine can open it, until the import is
finished.
"""

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar, Self

from django.apps import apps
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from plinth.tasks.queue import enqueue

from .importer import Importer, Report
from .readers import READERS, Columns, Row

logger = logging.getLogger(__name__)

# An import that is older and not finished has lost its task.
LOST_AFTER = timedelta(days=1)
RETENTION = timedelta(days=30)


class ImportNotStartedError(Exception):
    """The storage did not accept the file, or the broker did not accept the task."""


class AbstractImport(models.Model):
    """One uploaded file, the progress of its import, and the report.

    A subclass names `task`, the dotted path of a Celery task with `base=ImportTask`, and
    returns its Importer. Without a broker the import runs in the request.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CHECKING = "checking", _("checking")
        SAVING = "saving", _("saving")
        SAVED = "saved", _("saved")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    # A name in the default storage.
    file = models.CharField(_("file"), max_length=200)
    # The column is older than the field's name: to rename it would stop a running site.
    skip_invalid = models.BooleanField(_("skip invalid rows"), db_column="keep_good")
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.WAITING
    )
    # Of the file, in this state.
    percent = models.PositiveSmallIntegerField(_("percent"), default=0)
    saved = models.PositiveIntegerField(_("rows saved"), default=0)
    error_count = models.PositiveIntegerField(_("rows in error"), default=0)
    # A line each, the first MAX_ERRORS_SHOWN.
    errors = models.TextField(_("errors"), blank=True)
    created = models.DateTimeField(_("uploaded"), default=timezone.now, db_index=True)
    finished = models.DateTimeField(_("finished"), null=True)

    task: ClassVar[str]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.pk}: {self.state}"

    def get_absolute_url(self) -> str:
        """Return the address of the import's progress."""
        raise NotImplementedError

    def get_importer(self) -> Importer[Any]:
        raise NotImplementedError

    @classmethod
    def start(cls, user_id: int, file: File, *, skip_invalid: bool) -> Self:
        """Store an uploaded file, and enqueue its import when the transaction commits.

        Raises ImportNotStartedError if the storage or the broker is unavailable.
        """
        # Not the uploaded name, which may hold anything.
        suffix = PurePath(file.name or "").suffix.lower()
        name = f"imports/{uuid.uuid4().hex}{suffix}"
        # The row first: by it, the file is deleted whatever happens.
        started = cls._default_manager.create(
            user_id=user_id, file=name, skip_invalid=skip_invalid
        )
        try:
            default_storage.save(name, file)
        except Exception as error:  # each storage has errors of its own
            logger.exception("The storage did not accept a file")
            cls.fail(started.pk)
            raise ImportNotStartedError from error
        transaction.on_commit(partial(cls.enqueue, started.pk))
        return started

    @classmethod
    def enqueue(cls, pk: int) -> None:
        if apps.is_installed("plinth.tasks") and settings.CELERY_BROKER_URL:
            if not enqueue(cls.task, pk=pk):
                cls.fail(pk)
                raise ImportNotStartedError
            return
        try:
            cls.run(pk)
        except Exception:
            cls.fail(pk)
            raise

    @classmethod
    def run(cls, pk: int) -> None:
        """Import the file of an upload; do nothing if that is finished.

        An interrupted import is repeated from the start, so Importer.save must be
        idempotent.
        """
        if found := cls._default_manager.filter(pk=pk, finished=None).first():
            found.import_file()

    def import_file(self) -> None:
        importer = self.get_importer()
        columns = importer.columns
        with default_storage.open(self.file) as file:
            if not self.skip_invalid:
                # Validated first: the progress of one long transaction is not visible.
                report = importer.check(self.rows(file, columns, self.State.CHECKING))
                if report.error_count:
                    self.finish(self.State.REFUSED, report)
                    return
                file.seek(0)
            rows = self.rows(file, columns, self.State.SAVING)
            report = importer.run(rows, skip_invalid=self.skip_invalid)
        saved = report.saved or not report.error_count
        self.finish(self.State.SAVED if saved else self.State.REFUSED, report)

    def rows(self, file: Any, columns: Columns, state: str) -> Iterator[Row]:
        """Yield a file's rows, and save the progress at each percent."""
        read = READERS[PurePath(self.file).suffix]
        this, last = type(self)._default_manager.filter(pk=self.pk), -1  # noqa: SLF001
        for row in read(file, columns):
            percent = min(100, 100 * file.tell() // max(1, file.size))
            if percent > last:
                this.update(state=state, percent=percent)
                last = percent
            yield row

    def finish(self, state: str, report: Report) -> None:
        """Save the report, unless there is one, and delete the file on commit."""
        text = gettext("Line {line}: {error}")
        type(self)._default_manager.filter(pk=self.pk, finished=None).update(  # noqa: SLF001
            state=state,
            saved=report.saved,
            error_count=report.error_count,
            errors="\n".join(
                text.format(line=line, error=error) for line, error in report.errors
            ),
            finished=timezone.now(),
        )
        transaction.on_commit(partial(default_storage.delete, self.file))

    @classmethod
    def fail(cls, pk: int) -> None:
        """Give up an import that is not finished; rows that it has committed stay."""
        for found in cls._default_manager.filter(pk=pk, finished=None):
            found.finish(cls.State.FAILED, Report())

    @classmethod
    def clear(cls) -> None:
        """Give up imports whose task is lost, and delete reports after 30 days."""
        now = timezone.now()
        lost = cls._default_manager.filter(finished=None, created__lt=now - LOST_AFTER)
        for found in lost:
            found.finish(cls.State.FAILED, Report())
        cls._default_manager.filter(created__lt=now - RETENTION).delete()
