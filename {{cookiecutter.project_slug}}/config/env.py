"""Environment variables, typed: one that is malformed stops the start with one line."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import environ

FALSE = {"false", "off", "no", "n", "0", ""}


class Env:
    """Reads by django-environ, which shows a traceback by itself, or only warns."""

    def __init__(self) -> None:
        self.environ = environ.Env()

    def read_file(self, path: Path) -> None:
        """Take what this file holds, or another that ENV_FILE names, unless it is set."""
        self.environ.read_env(self("ENV_FILE", default=str(path)))

    def __call__(self, name: str, *, default: str = "") -> str:
        return str(self.environ.str(name, default=default))

    def items(self, name: str) -> list[str]:
        """Return what stands between the commas."""
        return list(self.environ.list(name, default=[]))

    def flag(self, name: str, *, default: bool) -> bool:
        value = self(name, default=str(default)).strip().lower()
        if value not in {*self.environ.BOOLEAN_TRUE_STRINGS, *FALSE}:
            refuse(name, "true or false")
        return value not in FALSE

    def integer(self, name: str, *, default: int) -> int:
        return int(read(self.environ.int, name, "a whole number", default=default))

    def number(self, name: str, *, default: float) -> float:
        return float(read(self.environ.float, name, "a number", default=default))

    def choice(self, name: str, *choices: str, default: str) -> str:
        value = self(name, default=default)
        if value not in choices:
            refuse(name, f"one of {', '.join(choices)}")
        return value

    def url(self, name: str, *schemes: str) -> str:
        """Return a URL with one of these schemes, or an empty text if there is none."""
        value = self(name)
        if value and value.partition("://")[0] not in schemes:
            refuse(name, f"a URL that starts with {' or '.join(schemes)}")
        return value

    def database(self, name: str) -> dict[str, Any]:
        form = "like postgres://user:password@host:5432/name"
        return dict(read(self.environ.db, name, form))

    def mail(self, name: str) -> dict[str, Any]:
        form = "like smtp+tls://user:password@host:587"
        return dict(read(self.environ.email_url, name, form))


def read(reader: Callable[..., Any], name: str, form: str, **options: Any) -> Any:
    with warnings.catch_warnings(action="error"):
        try:
            return reader(name, **options)
        except (ValueError, UserWarning, environ.ImproperlyConfigured):
            refuse(name, form)


def refuse(name: str, form: str) -> NoReturn:
    """Exit without showing the value, which may hold a password."""
    sys.exit(f"The variable {name} must be {form}.")
