from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.catalog import formats, services


class Command(BaseCommand):
    help = "Add and change products from a CSV file (.csv) or JSON lines (.jsonl)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--keep-good",
            action="store_true",
            help="save the good rows; else one in error refuses the whole file",
        )

    def handle(self, *, file: Path, keep_good: bool, **options: Any) -> None:
        read = formats.READERS.get(file.suffix.lower())
        if not read:
            raise CommandError(f"{file} is none of {', '.join(formats.READERS)}")
        try:
            with file.open("rb") as opened:
                report = services.import_products(read(opened), keep_good=keep_good)
        except OSError as error:
            raise CommandError(str(error)) from error
        for line, message in report.errors:
            self.stderr.write(f"Line {line}: {message}")
        self.stdout.write(f"{report.saved:,} products are saved.")
        if report.error_count:
            raise CommandError(f"{report.error_count:,} rows are in error")
