from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from plinth.database.routers import DIRECT, Route, routed


class Command(migrate.Command):
    """`migrate` on the alias `direct`: without a pooler and a statement timeout."""

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        if DIRECT in connections:
            parser.set_defaults(database=DIRECT)

    def handle(self, *args: Any, **options: Any) -> None:
        # Queries of data migrations use the same connection, or would wait for its locks.
        with routed(Route(to=options["database"])):
            super().handle(*args, **options)
