import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from rich.progress import MofNCompleteColumn, Progress

from apps.catalog import seeds


class Command(BaseCommand):
    help = "Fill the catalogue with made-up products, up to a number of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=10_000)
        parser.add_argument(
            "--seed", type=int, default=1, help="another seed, other products"
        )

    def handle(self, *, products: int, seed: int, **options: Any) -> None:
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        number = 0
        try:
            with Progress(*columns) as progress:
                task = progress.add_task("Products", total=products)
                for number in seeds.seed(products, seed):
                    progress.update(task, completed=number)
        except KeyboardInterrupt:
            self.stderr.write(f"Stopped at {number:,}. The same command goes on there.")
            sys.exit(130)
        # Otherwise PostgreSQL plans queries for the empty tables.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"The catalogue has {number:,} made-up products.")
