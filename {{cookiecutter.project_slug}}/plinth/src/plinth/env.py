"""Typed environment variables; a malformed one stops the start with one line.

An empty variable counts as unset. A secret may be in a file, as Docker and Kubernetes
mount it: for each NAME, NAME_FILE may name a file that holds the value.
"""

import builtins
import math
import os
import re
import sys
from collections.abc import Mapping
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ

from plinth import email_url, extras

TRUE = {"true", "on", "yes", "y", "1"}
FALSE = {"false", "off", "no", "n", "0"}
# What .env.example has in place of a secret, for everybody to read.
PLACEHOLDER = "generated-at-set-up"
REDIS = {"redis", "rediss"}
PORTS = range(1, 65_536)
# Variables of the shell that a Python process needs, by prefix.
OF_A_PROCESS = (
    "DYLD_",
    "HOME",
    "LANG",
    "LC_",
    "LD_",
    "PATH",
    "PYTHON",
    "SYSTEM",
    "TMP",
)
LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
HOST = rf"{LABEL}(\.{LABEL})*(:[0-9]+)?"
ADDRESS = r"unix:/.+|([\w.-]+|\[[0-9a-fA-F:.]+\]):[0-9]+"


class Env:
    """Reads environment variables by type, and exits with one line for a malformed one.

    django-environ parses .env files and database URLs; on an error of its own it shows a
    traceback, or only warns.
    """

    # `plinth.testing.isolate_environment` replaces it.
    variables: Mapping[str, str] = os.environ

    def read_file(self, path: Path) -> None:
        """Load a .env file, or the one that ENV_FILE names; set variables win over it."""
        environ.Env.read_env(self("ENV_FILE", default=str(path)))

    def __call__(self, name: str, *, default: str = "") -> str:
        value, secret = self.read(name), self.read_secret(f"{name}_FILE")
        if value and secret:
            fail(name, f"unset while {name}_FILE is set")
        return value or secret or default

    def read(self, name: str) -> str:
        return self.variables.get(name, "").strip()

    def read_secret(self, name: str) -> str:
        """Return the content of the file that a variable names; empty if it is unset."""
        path = self.read(name)
        try:
            return Path(path).read_text().strip() if path else ""
        except (OSError, ValueError):
            fail(name, "the path of a text file that can be read")

    def require(self, *names: str) -> None:
        """Exit unless each of these variables has a value of its own."""
        if missing := [name for name in names if not self.items(name)]:
            sys.exit(f"Required variables are not set: {', '.join(missing)}.")
        for name in names:
            if self(name) == PLACEHOLDER:
                fail(name, "a value of your own, not that of .env.example")

    def items(self, name: str) -> list[str]:
        """Return the items of a comma-separated list, without empty ones."""
        return [item.strip() for item in self(name).split(",") if item.strip()]

    def bool(self, name: str, *, default: builtins.bool) -> builtins.bool:
        value = self(name, default=str(default)).lower()
        if value not in TRUE | FALSE:
            fail(name, "true or false")
        return value in TRUE

    def integer(self, name: str, *, default: int, least: int = 0) -> int:
        value = self(name, default=str(default))
        if not re.fullmatch("[0-9]{1,18}", value) or int(value) < least:
            fail(name, f"a whole number, {least} or more")
        return int(value)

    def port(self, name: str, *, default: int) -> int:
        value = self.integer(name, default=default)
        if value not in PORTS:
            fail(name, "a port, 1 to 65535")
        return value

    def fraction(self, name: str, *, default: float) -> float:
        """Return a number from 0 to 1."""
        try:
            value = float(self(name, default=str(default)))
        except ValueError:
            value = math.nan
        if not 0 <= value <= 1:
            fail(name, "a number from 0 to 1")
        return value

    def choice(self, name: str, *choices: str, default: str) -> str:
        value = self(name, default=default)
        if value not in choices:
            fail(name, f"one of {', '.join(choices)}")
        return value

    def host(self, name: str) -> str:
        """Return a host name, which may have a port; empty if unset."""
        value = self(name)
        if value and not (re.fullmatch(HOST, value) and has_host_or_path(f"//{value}")):
            fail(name, "a host name, without https:// and without a path")
        return value

    def address(self, name: str, *, default: str = "") -> str:
        """Return `host:port`, or `unix:` and the path of a socket."""
        value = self(name, default=default)
        if value and not (
            re.fullmatch(ADDRESS, value) and has_host_or_path(f"//{value}")
        ):
            fail(name, "like 127.0.0.1:8000 or unix:/run/app.sock")
        return value

    def url(self, name: str, *schemes: str) -> str:
        """Return a URL with one of these schemes; empty if unset."""
        value = self(name)
        if value and (scheme(value) not in schemes or not has_host_or_path(value)):
            fail(name, f"a URL that starts with {' or '.join(schemes)}")
        # Redis clients read another word as 0, or fail at the first command.
        if scheme(value) in REDIS and urlsplit(value).path.strip("/0123456789"):
            fail(name, "a URL with a number, like redis://localhost:6379/0")
        return value

    def origins(self, name: str) -> list[str]:
        values = self.items(name)
        if not all(re.fullmatch(rf"https?://(\*\.)?{HOST}", value) for value in values):
            fail(name, "like https://example.com,https://*.example.com")
        return values

    def networks(self, name: str, *, default: str) -> list[str]:
        """Return addresses and networks that `ipaddress.ip_network` accepts."""
        values = [value.strip() for value in self(name, default=default).split(",")]
        try:
            return [str(ip_network(value)) for value in values]
        except ValueError:
            fail(name, "addresses and networks, like 10.0.0.0/8,192.0.2.7")

    def database(self, name: str) -> dict[str, Any]:
        """Return an entry of DATABASES."""
        return parse_database(name, self(name))

    def databases(self, name: str) -> list[dict[str, Any]]:
        """Return an entry of DATABASES for each URL of a comma-separated list."""
        return [parse_database(name, url) for url in self.items(name)]

    def mailer(self, name: str) -> dict[str, Any]:
        """Return an entry of MAILERS; empty if unset."""
        value = self(name)
        if scheme(value) == "ses":
            require_extra(name, "s3")
        try:
            return email_url.mailer(value) if value else {}
        except ValueError:
            fail(name, email_url.FORMS)

    def sender(self, name: str, *, default: str) -> str:
        """Return an email address, which may have a name before it: `Site <a@b.c>`."""
        value = self(name, default=default)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
            fail(name, "like noreply@example.com or Site <noreply@example.com>")
        return value

    def credentials(self, name: str) -> str:
        """Return `user:password`, with a password of 16 characters or more."""
        value = self(name)
        if value and not re.fullmatch(r"[\w.~-]+:[\w.~-]{16,}", value, re.ASCII):
            fail(name, "like user:password, with a password of 16 characters or more")
        return value


def process_variables() -> dict[str, str]:
    """Return the shell's variables without those that settings read.

    For a command that runs the site with other settings than this machine's.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(OF_A_PROCESS)
    }


def parse_database(name: str, url: str) -> dict[str, Any]:
    form = "like postgres://user:password@host:5432/name"
    if scheme(url) not in environ.Env.DB_SCHEMES:
        fail(name, form)
    try:
        parts = dict(environ.Env.db_url_config(url))
    except ValueError:
        fail(name, form)
    # From a URL it would be a string, which Django ignores.
    if "pool" in parts.get("OPTIONS", {}):
        fail(name, f"{form}, without pool: DATABASE_POOLER chooses it")
    return parts


def scheme(url: str) -> str:
    return url.partition("://")[0]


def has_host_or_path(url: str) -> bool:
    """Whether a URL has a path or a host, with a valid port if any."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname or parts.path) and (parts.port or 0) >= 0
    except ValueError:
        return False


def fail(name: str, form: str) -> NoReturn:
    """Exit with one line, without the value, which may hold a password."""
    sys.exit(f"The variable {name} must be {form}.")


def require_extra(name: str, extra: str) -> None:
    """Exit if a variable is set that needs an extra which is not installed."""
    if not extras.is_installed(extra):
        sys.exit(
            f"The variable {name} needs an extra that is not installed: "
            f"add django-plinth[{extra}] to the dependencies."
        )
