"""The base of a command that imports a file of any size."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

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
