from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth.env import PLACEHOLDER
from plinth.tasks.app import app

# Loopback only: reach it from elsewhere through an SSH tunnel or a reverse proxy.
ADDRESS = "127.0.0.1"


class Command(BaseCommand):
    help = "Serve Flower on localhost, behind a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("port", nargs="?", type=int, default=5555)

    def handle(self, *, port: int, **options: Any) -> None:
        if not settings.CELERY_BROKER_URL:
            raise CommandError("Flower needs a broker: set CELERY_BROKER_URL.")
        credentials = getattr(settings, "FLOWER_BASIC_AUTH", "")
        user, _, password = credentials.partition(":")
        # Flower can also revoke tasks and shut workers down.
        if not (user and password) or password == PLACEHOLDER:
            raise CommandError(
                "Flower needs a password: set FLOWER_BASIC_AUTH, like user:password."
            )
        self.stdout.write(f"Flower: http://localhost:{port}, user {user}.")
        app.start(
            [
                "--quiet",
                "flower",
                f"--address={ADDRESS}",
                f"--port={port}",
                f"--basic-auth={user}:{password}",
            ]
        )
