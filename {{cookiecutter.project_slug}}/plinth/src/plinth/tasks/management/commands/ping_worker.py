import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth.tasks.app import app, probe_broker


class Command(BaseCommand):
    help = "Ask a worker whether it listens: 0 if it answers, 1 if not, and a line."
    # It is run every few seconds, and asks the worker alone.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "worker",
            nargs="?",
            default=f"celery@{socket.gethostname()}",
            help="its name, or beat's, celerybeat@host; without one, this machine's worker",
        )
        parser.add_argument("--timeout", type=float, default=5, help="seconds")

    def handle(self, *, worker: str, timeout: float, **options: Any) -> None:
        if not settings.CELERY_BROKER_URL:
            raise CommandError("There is no broker: set CELERY_BROKER_URL.")
        try:
            probe_broker()
            # By the broker, as tasks come: a worker can be alive and hear nothing.
            answers = app.control.ping(destination=[worker], timeout=timeout)
        except Exception as error:
            raise CommandError(f"The broker does not answer: {error}") from error
        if not answers:
            raise CommandError(f"{worker} does not answer within {timeout:g} seconds.")
        self.stdout.write(f"{worker} answers.")
