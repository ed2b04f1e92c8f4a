from functools import partial
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from plinth.database.executor import Executor, Limits
from plinth.database.routers import DIRECT, Route, routed


class Command(migrate.Command):
    """`migrate` on the alias `direct`, without a pooler, beside running requests."""

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--before-deploy",
            action="store_true",
            help="leave migrations with after_deploy = True to a second migrate, which "
            "runs when the previous release has stopped",
        )
        # Seconds; 0 is no limit. Requests that wait behind the migration have more time.
        parser.add_argument("--lock-timeout", type=float, default=1)
        parser.add_argument("--statement-timeout", type=float, default=30)
        parser.add_argument("--attempts", type=int, default=10)
        if DIRECT in connections:
            parser.set_defaults(database=DIRECT)

    def handle(self, *args: Any, **options: Any) -> None:
        limits = Limits(
            connections[options["database"]],
            options["lock_timeout"],
            options["statement_timeout"],
            options["attempts"],
            self.stdout.write,
        )
        executor = partial(
            Executor, limits=limits, before_deploy=options["before_deploy"]
        )
        # Django's command names its executor by this name alone.
        vars(migrate)["MigrationExecutor"] = executor
        # Queries of data migrations use the same connection, or would wait for its locks.
        with routed(Route(to=options["database"])), limits.applied():
            super().handle(*args, **options)
