from typing import Any

from django.conf import settings
from django.contrib.staticfiles.management.commands import runserver
from django.core.management.base import CommandError


class Command(runserver.Command):
    """The development server of staticfiles, which refuses to start without DEBUG."""

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "runserver is not made for production: start "
                "gunicorn --config python:config.gunicorn config.wsgi"
            )
        super().handle(*args, **options)
