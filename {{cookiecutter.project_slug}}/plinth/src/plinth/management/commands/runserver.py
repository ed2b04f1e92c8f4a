import errno
import os
import socket
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.contrib.staticfiles.management.commands import runserver
from django.core.exceptions import SuspiciousFileOperation
from django.core.management.base import CommandError
from django.db import OperationalError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV

from plinth import metrics
from plinth.env import Env
from plinth.management.main import connection_error

HIGHEST_PORT = 65_535


class StaticHandler(StaticFilesHandler):
    def serve(self, request: HttpRequest) -> HttpResponse | FileResponse:
        try:
            return super().serve(request)
        except SuspiciousFileOperation as error:
            raise Http404("The path leads out of the static files.") from error


class Command(runserver.Command):
    """The development server of staticfiles: on PORT by default, and only with DEBUG."""

    # Set by Django's `handle`.
    addr: str
    port: str
    use_ipv6: bool

    def check_migrations(self) -> None:
        try:
            super().check_migrations()
        except OperationalError as error:
            # It serves once the database does.
            self.stderr.write(self.style.ERROR(connection_error(error) or str(error)))

    def get_handler(self, *args: Any, **options: Any) -> Any:
        handler = super().get_handler(*args, **options)
        if isinstance(handler, StaticFilesHandler):
            return StaticHandler(handler.application)
        return handler

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "runserver is not made for production: start "
                "gunicorn --config python:config.gunicorn config.wsgi"
            )
        port = Env().port("PORT", default=int(self.default_port))
        self.default_port = str(port)
        super().handle(*args, **options)

    def run(self, **options: Any) -> None:
        # The reloader's second process listens while the first one waits for it.
        if DJANGO_AUTORELOAD_ENV not in os.environ:
            self.check_port()
        super().run(**options)

    def inner_run(self, *args: Any, **options: Any) -> None:
        if metrics.enabled():
            from plinth.metrics import server

            server.serve(server.listen(settings.METRICS_BIND), site=True)
        super().inner_run(*args, **options)

    def check_port(self) -> None:
        if int(self.port) > HIGHEST_PORT:
            raise CommandError(
                f"Port {self.port} does not exist: take one below 65536."
            )
        family = socket.AF_INET6 if self.use_ipv6 else socket.AF_INET
        with socket.socket(family) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                server.bind((self.addr, int(self.port)))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise CommandError(
                        f"Port {self.port} is in use. Take another one: make run "
                        f"PORT={int(self.port) + 1}"
                    ) from None
