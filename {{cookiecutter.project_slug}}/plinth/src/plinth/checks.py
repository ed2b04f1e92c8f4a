"""System checks of the settings, the environment's variables and the templates."""

import re
import sys
from collections.abc import Iterator, Sequence
from email.utils import parseaddr
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks
from django.core.management import get_commands
from django.db import connections
from django.template import engines

from .env import Env
from .server.memory import hash_memory_warning

STATIC = re.compile(r"""\{% *static +(["'])(?P<path>[^"']+)\1 *(?!\|)""")
# Domains that nobody owns: the answers that the template suggests.
RESERVED = re.compile(r"(?i)(.*[@.])?example(\.(com|net|org))?")


@checks.register("plinth", deploy=True)
def check_hash_memory(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Warn if the password hashes of all threads don't fit the container's memory."""
    gunicorn = import_module("config.gunicorn")
    if warning := hash_memory_warning(gunicorn.workers, gunicorn.threads):
        yield checks.Warning(warning, id="plinth.W001")


@checks.register("plinth", deploy=True)
def check_addresses(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Warn of an example's address where mail is sent from or reports are sent to."""
    for name in ("DEFAULT_FROM_EMAIL", "SECURITY_CONTACT"):
        address = parseaddr(getattr(settings, name, ""))[1]
        if RESERVED.fullmatch(address):
            yield checks.Warning(
                f"{name} is {address}, which nobody can answer: set it to your own.",
                id="plinth.W002",
            )


@checks.register("plinth", checks.Tags.database, deploy=True)
def check_connections(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[checks.CheckMessage]:
    """Warn if the pools of two releases, during a switch, exceed a server's connections.

    `manage.py check --deploy --database default` asks the server. A PgBouncer's pool is
    in its own file.
    """
    gunicorn = import_module("config.gunicorn")
    for alias in databases or ():
        options = connections[alias].settings_dict
        if (
            connections[alias].vendor != "postgresql"
            or alias == "direct"
            or options["DISABLE_SERVER_SIDE_CURSORS"]
        ):
            continue
        pool = options["OPTIONS"].get("pool")
        of_process = pool["max_size"] if pool else gunicorn.threads
        most = 2 * gunicorn.workers * of_process
        allowed = connections_allowed(alias)
        if most > allowed:
            yield checks.Warning(
                f"The web's {gunicorn.workers} processes of {of_process} connections to "
                f"{alias!r} are {most} while two releases run, and the server allows "
                f"{allowed}.",
                hint="Lower DATABASE_POOL_SIZE (not below WEB_THREADS) or "
                "WEB_CONCURRENCY, raise max_connections, or use PgBouncer: "
                "docs/databases.md.",
                id="plinth.W006",
            )


def connections_allowed(alias: str) -> int:
    """The connections that the server grants to the site's role."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            """
            SELECT least(
                current_setting('max_connections')::int
                - current_setting('superuser_reserved_connections')::int
                - coalesce(current_setting('reserved_connections', true)::int, 0),
                nullif(rolconnlimit, -1),
                nullif(datconnlimit, -1)
            )
            FROM pg_roles, pg_database
            WHERE rolname = current_user AND datname = current_database()
            """
        )
        return int(cursor.fetchone()[0])


@checks.register("plinth")
def check_variables(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Warn of names in the .env file that nothing reads."""
    for name, similar in Env.unknown_names().items():
        yield checks.Warning(
            f"{Env.file} sets {name}, which nothing reads.",
            hint=f"Did you mean {similar}?"
            if similar
            else "Delete it, or list it in .env.example for the program that reads it.",
            id="plinth.W003",
        )


@checks.register("plinth")
def check_apps(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Warn if another app replaces plinth's runserver, or a model lacks its table."""
    owner = get_commands()["runserver"]
    if owner != "plinth":
        yield checks.Warning(
            f"The runserver of {owner} starts without DEBUG too: put plinth above it in "
            "INSTALLED_APPS.",
            id="plinth.W004",
        )
    for name in ("plinth.mail", "plinth.tasks"):
        if f"{name}.models" in sys.modules and not apps.is_installed(name):
            yield checks.Error(
                f"{name} is used, and its tables are missing: put it into INSTALLED_APPS.",
                id="plinth.E001",
            )


@checks.register("plinth")
def check_static_tags(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Warn of a literal `{% static %}` of a file that no finder finds.

    With production's storage such a page is an error 500; local settings show it.
    """
    for template in sorted(own_templates()):
        for number, line in enumerate(template.read_text().splitlines(), start=1):
            for tag in STATIC.finditer(line):
                if not finders.find(urlsplit(tag["path"]).path):
                    yield checks.Warning(
                        f"{template.relative_to(settings.BASE_DIR)}, line {number}: "
                        f"no static file is named {tag['path']!r}.",
                        hint="Correct the name, or add the file to static/. To silence "
                        'it: SILENCED_SYSTEM_CHECKS = ["plinth.W005"].',
                        id="plinth.W005",
                    )


def own_templates() -> Iterator[Path]:
    """Yield the files in the project's own template folders."""
    folders = {Path(each) for engine in engines.all() for each in engine.template_dirs}
    for folder in folders:
        if folder.is_relative_to(settings.BASE_DIR) and not folder.is_relative_to(
            sys.prefix
        ):
            yield from filter(Path.is_file, folder.rglob("*"))
