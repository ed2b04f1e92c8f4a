from typing import Any

from django.core.management.base import BaseCommand

from plinth.api import idempotency, tokens


class Command(BaseCommand):
    help = "Delete the API's expired tokens and idempotency keys; for a daily timer."

    def handle(self, **options: Any) -> None:
        count = tokens.expired().delete()[0] + idempotency.expired().delete()[0]
        self.stdout.write(f"{count} rows are deleted.")
