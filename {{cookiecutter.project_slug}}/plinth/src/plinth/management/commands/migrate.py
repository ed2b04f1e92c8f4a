from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from plinth.database.routers import DIRECT, Route, routed


class Command(migrate.Command):
    """Migrate past a pooler, and without the time limit of pages."""

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        if DIRECT in connections:
            parser.set_defaults(database=DIRECT)

    def handle(self, *args: Any, **options: Any) -> None:
        # What a migration reads and writes goes the same way, or it would wait for itself.
        with routed(Route(to=options["database"])):
            super().handle(*args, **options)
