"""Django's command line, with one line instead of a traceback for a database that is down."""

import sys

from django.core import management
from django.db import OperationalError


def execute_from_command_line(arguments: list[str]) -> None:
    """Run a command; with --traceback, errors have theirs."""
    try:
        management.execute_from_command_line(arguments)
    except OperationalError as error:
        line = connection_error(error)
        if not line or "--traceback" in arguments:
            raise
        sys.exit(line)


def connection_error(error: OperationalError) -> str:
    """Return what to do about a database without a connection; empty for other errors."""
    if str(error) == "unable to open database file":
        return (
            "No database: DATABASE_URL names a file that cannot be opened or created."
        )
    # None: the server has executed no statement. SQLite has no such codes.
    if getattr(error.__cause__, "sqlstate", "") is not None:
        return ""
    reason = str(error).partition("\n")[0].rstrip(".")
    return f"No database: {reason}. Start the server, or correct DATABASE_URL."
