"""Bases of commands: import of a file of any size, and made-up rows."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from rich.progress import MofNCompleteColumn, Progress

from .importer import Importer
from .readers import READERS, reader_for


class ImportCommand(BaseCommand):
    """`manage.py COMMAND FILE [--skip-invalid]`; it fails if a row is in error."""

    importer: type[Importer[Any]]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--skip-invalid",
            action="store_true",
            help="save the valid rows; without it, one error refuses the whole file",
        )

    def handle(self, *, file: Path, skip_invalid: bool, **options: Any) -> None:
        read = reader_for(file.name)
        if not read:
            raise CommandError(f"{file} is none of {', '.join(READERS)}")
        importer = self.importer()
        try:
            with file.open("rb") as opened:
                rows = read(opened, importer.columns)
                report = importer.run(rows, skip_invalid=skip_invalid)
        except OSError as error:
            raise CommandError(str(error)) from error
        for line, message in report.errors:
            self.stderr.write(f"Line {line}: {message}")
        self.stdout.write(f"{report.saved:,} rows are saved.")
        if report.error_count:
            raise CommandError(f"{report.error_count:,} rows are in error")


class SeedCommand(BaseCommand):
    """`manage.py COMMAND [--ROWS 10000] [--seed 1]`, with a progress bar."""

    # The name of the option, a plural.
    rows: str

    def seed(self, target: int, seed: int) -> Iterator[int]:
        """Make rows up to a number of them; yield the number after each batch.

        An interrupted run goes on after its last batch.
        """
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(f"--{self.rows}", type=int, default=10_000, dest="rows")
        parser.add_argument("--seed", type=int, default=1, help="another, other rows")

    def handle(self, *, rows: int, seed: int, **options: Any) -> None:
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        number = 0
        try:
            with Progress(*columns) as progress:
                task = progress.add_task(self.rows.capitalize(), total=rows)
                for number in self.seed(rows, seed):
                    progress.update(task, completed=number)
        except KeyboardInterrupt:
            self.stderr.write(f"Stopped at {number:,}. The same command goes on there.")
            sys.exit(130)
        # Otherwise PostgreSQL plans queries for the empty tables.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"There are {number:,} made-up {self.rows}.")
