from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth.tasks.app import app

# Whoever reaches it from elsewhere, through ssh or a proxy, does so on purpose.
ADDRESS = "127.0.0.1"
# What .env.example has, for everybody to read.
PLACEHOLDER = "generated-at-set-up"


class Command(BaseCommand):
    help = "Show tasks and workers in a browser of this machine, behind a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("port", nargs="?", type=int, default=5555)

    def handle(self, *, port: int, **options: Any) -> None:
        if not settings.CELERY_BROKER_URL:
            raise CommandError("Flower watches a broker: set CELERY_BROKER_URL.")
        user, _, password = settings.FLOWER_BASIC_AUTH.partition(":")
        # Who sees the tasks may stop them, too.
        if not (user and password) or password == PLACEHOLDER:
            raise CommandError(
                "Flower needs a password: set FLOWER_BASIC_AUTH, like user:password."
            )
        self.stdout.write(f"Flower is at http://localhost:{port}, for {user}.")
        app.start(
            [
                "--quiet",
                "flower",
                f"--address={ADDRESS}",
                f"--port={port}",
                f"--basic-auth={user}:{password}",
            ]
        )
