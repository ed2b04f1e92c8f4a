"""Release an account that too many attempts have locked: `release_account ann@example.com`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth.cache.settings import LOCAL_MEMORY
from plinth.http import throttle


class Command(BaseCommand):
    help = "Forget the failed sign-ins, codes and password resets of an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        if settings.CACHES["default"]["BACKEND"] == LOCAL_MEMORY:
            raise CommandError(
                "Without REDIS_URL each process of the web counts for itself: the lock "
                "ends after five minutes, or when the web restarts."
            )
        throttle.release(email)
        self.stdout.write(f"{email} can sign in again.")
