"""Imports of rows from a file: validated one by one, saved in batches, reported by line."""

from collections.abc import Collection, Hashable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import batched
from typing import ClassVar

from django.db import transaction
from django.utils.translation import gettext as _

from .readers import Columns, Row, UnreadableFileError

MAX_ERRORS_SHOWN = 100


class RowError(ValueError):
    """Why a row can't be imported, in words for the person who sent the file."""


@dataclass
class Report:
    """The number of rows saved and in error, and the first MAX_ERRORS_SHOWN errors."""

    saved: int = 0
    # Line of the file, and the error there.
    errors: list[tuple[int, str]] = field(default_factory=list)
    error_count: int = 0

    def add_error(self, line: int, message: str) -> None:
        self.error_count += 1
        if len(self.errors) < MAX_ERRORS_SHOWN:
            self.errors.append((line, message))


class Importer[T]:
    """One import: subclasses say how a row is validated and how a batch is saved.

    Memory is bounded by a batch, for any number of rows.
    """

    columns: ClassVar[Columns]
    # Rows that `save` gets at a time.
    batch_size = 5_000

    def parse(self, values: dict[str, str]) -> T:
        """Return a row's item, or raise RowError. It runs for every row: keep it fast."""
        raise NotImplementedError

    def key(self, item: T) -> Hashable:
        """Return what must be unique in a batch: of two equal keys, the later item wins."""
        raise NotImplementedError

    def save(self, items: Collection[T]) -> None:
        """Save a batch; when an import is repeated, so is each of its batches."""
        raise NotImplementedError

    def run(self, rows: Iterable[Row], *, skip_invalid: bool) -> Report:
        """Save the valid rows, batch by batch, and report the others.

        Without `skip_invalid`, one transaction saves all rows or, after an error, none.
        """
        report = Report()
        with nullcontext() if skip_invalid else transaction.atomic():
            items = self.items(rows, report)
            for batch in batched(items, self.batch_size, strict=False):
                # After an error, the other rows are validated only.
                if skip_invalid or not report.error_count:
                    unique = {self.key(item): item for item in batch}
                    self.save(unique.values())
                    report.saved += len(unique)
            if report.error_count and not skip_invalid:
                transaction.set_rollback(True)
                report.saved = 0
        return report

    def check(self, rows: Iterable[Row]) -> Report:
        """Report the rows in error; save nothing."""
        report = Report()
        for _item in self.items(rows, report):
            pass
        return report

    def items(self, rows: Iterable[Row], report: Report) -> Iterator[T]:
        """Yield the item of each valid row, and add the errors of others to the report."""
        try:
            for row in rows:
                if row.error:
                    report.add_error(row.line, row.error)
                    continue
                try:
                    item = self.parse(row.values)
                except RowError as error:
                    report.add_error(row.line, str(error))
                    continue
                yield item
        except UnreadableFileError as error:
            message = _("{error}; the file was not read further").format(error=error)
            report.add_error(error.line, message)
