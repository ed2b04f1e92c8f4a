from typing import Any

from django.conf import settings
from django.contrib.staticfiles.management.commands import runserver
from django.core.management.base import CommandError
from django.db import OperationalError

from plinth.management.main import connection_error


class Command(runserver.Command):
    """The development server of staticfiles, which refuses to start without DEBUG."""

    def check_migrations(self) -> None:
        try:
            super().check_migrations()
        except OperationalError as error:
            # It serves once the database does.
            self.stderr.write(self.style.ERROR(connection_error(error) or str(error)))

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "runserver is not made for production: start "
                "gunicorn --config python:config.gunicorn config.wsgi"
            )
        super().handle(*args, **options)
