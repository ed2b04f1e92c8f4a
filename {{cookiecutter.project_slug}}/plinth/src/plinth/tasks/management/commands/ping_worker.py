from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from plinth.tasks.ping import ping


class Command(BaseCommand):
    help = "Ping a worker through the broker; exit with 1 if it does not answer."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "worker",
            nargs="?",
            default="",
            help="its node name, or celerybeat@host; by default this machine's worker",
        )
        parser.add_argument("--timeout", type=float, default=5, help="seconds")

    def handle(self, *, worker: str, timeout: float, **options: Any) -> None:
        if error := ping(worker, timeout):
            raise CommandError(error)
        self.stdout.write(f"{worker or 'The worker'} answers.")
