import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth.tasks.app import app, probe_broker


class Command(BaseCommand):
    help = "Ping a worker through the broker; exit with 1 if it does not answer."
    # A healthcheck: it runs every few seconds and probes the worker only.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "worker",
            nargs="?",
            default=f"celery@{socket.gethostname()}",
            help="its node name, or celerybeat@host; by default this machine's worker",
        )
        parser.add_argument("--timeout", type=float, default=5, help="seconds")

    def handle(self, *, worker: str, timeout: float, **options: Any) -> None:
        if not settings.CELERY_BROKER_URL:
            raise CommandError("There is no broker: set CELERY_BROKER_URL.")
        try:
            probe_broker()
            # Through the broker, as tasks come: a worker can be alive and disconnected.
            answers = app.control.ping(destination=[worker], timeout=timeout)
        except Exception as error:
            raise CommandError(f"The broker does not answer: {error}") from error
        if not answers:
            raise CommandError(f"{worker} does not answer within {timeout:g} seconds.")
        self.stdout.write(f"{worker} answers.")
