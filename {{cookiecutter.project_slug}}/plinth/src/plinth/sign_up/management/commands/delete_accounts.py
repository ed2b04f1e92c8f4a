from typing import Any

from django.core.management.base import BaseCommand

from plinth.sign_up import services


class Command(BaseCommand):
    help = (
        "Delete the accounts whose requested deletion is due, and traces of ended "
        "sessions; for a daily timer."
    )

    def handle(self, **options: Any) -> None:
        count = services.delete_due()
        services.clear_sessions()
        self.stdout.write(f"{count} accounts are deleted.")
