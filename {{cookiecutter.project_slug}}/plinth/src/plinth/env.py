"""Environment variables, typed: one that is malformed stops the start with one line.

An empty variable counts as one that is not set. What is secret may stand in a file
instead, as Docker and Kubernetes hand it over: for each NAME, NAME_FILE may name it.
"""

import builtins
import math
import os
import re
import sys
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ

from plinth import email_url

TRUE = {"true", "on", "yes", "y", "1"}
FALSE = {"false", "off", "no", "n", "0"}
# What .env.example has in place of a secret, for everybody to read.
PLACEHOLDER = "generated-at-set-up"
REDIS = {"redis", "rediss"}
PORTS = range(1, 65_536)
LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
HOST = rf"{LABEL}(\.{LABEL})*(:[0-9]+)?"
# Where a server listens.
ADDRESS = r"unix:/.+|([\w.-]+|\[[0-9a-fA-F:.]+\]):[0-9]+"


class Env:
    """Django-environ reads files and URLs; it would show a traceback, or only warn."""

    def read_file(self, path: Path) -> None:
        """Take what this file holds, or another that ENV_FILE names, unless it is set."""
        environ.Env.read_env(self("ENV_FILE", default=str(path)))

    def __call__(self, name: str, *, default: str = "") -> str:
        value, secret = read(name), read_secret(f"{name}_FILE")
        if value and secret:
            fail(name, f"left out where {name}_FILE names a file")
        return value or secret or default

    def items(self, name: str) -> list[str]:
        """Return what stands between the commas."""
        return [item.strip() for item in self(name).split(",") if item.strip()]

    def bool(self, name: str, *, default: builtins.bool) -> builtins.bool:
        value = self(name, default=str(default)).lower()
        if value not in TRUE | FALSE:
            fail(name, "true or false")
        return value in TRUE

    def integer(self, name: str, *, default: int, least: int = 0) -> int:
        """Return a number without a sign or a fraction."""
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
        value = self(name)
        if value and not (re.fullmatch(HOST, value) and has_host_or_path(f"//{value}")):
            fail(name, "a host name, without https:// and without a path")
        return value

    def address(self, name: str, *, default: str = "") -> str:
        """Return `host:port`, or `unix:` and the path of a socket."""
        value = self(name, default=default)
        if value and not (re.fullmatch(ADDRESS, value) and has_host_or_path(f"//{value}")):
            fail(name, "like 127.0.0.1:8000 or unix:/run/app.sock")
        return value

    def url(self, name: str, *schemes: str) -> str:
        """Return a URL with one of these schemes, or an empty text if there is none."""
        value = self(name)
        if value and (scheme(value) not in schemes or not has_host_or_path(value)):
            fail(name, f"a URL that starts with {' or '.join(schemes)}")
        # Redis's clients would take another word for 0, or fail at the first task.
        if scheme(value) in REDIS and urlsplit(value).path.strip("/0123456789"):
            fail(name, "a URL with a number, like redis://localhost:6379/0")
        return value

    def origins(self, name: str) -> list[str]:
        values = self.items(name)
        if not all(re.fullmatch(rf"https?://(\*\.)?{HOST}", value) for value in values):
            fail(name, "like https://example.com,https://*.example.com")
        return values

    def networks(self, name: str, *, default: str) -> list[str]:
        """Return addresses and networks, as the module `ipaddress` knows them."""
        values = [value.strip() for value in self(name, default=default).split(",")]
        try:
            return [str(ip_network(value)) for value in values]
        except ValueError:
            fail(name, "addresses and networks, like 10.0.0.0/8,192.0.2.7")

    def database(self, name: str) -> dict[str, Any]:
        return parse_database(name, self(name))

    def databases(self, name: str) -> list[dict[str, Any]]:
        """Return the databases that the URLs between the commas name."""
        return [parse_database(name, url) for url in self.items(name)]

    def mailer(self, name: str) -> dict[str, Any]:
        """Return an entry of MAILERS, or an empty one if there is none."""
        value = self(name)
        try:
            return email_url.mailer(value) if value else {}
        except ImportError:
            fail(name, "without ses://, or boto3 among the dependencies")
        except ValueError:
            fail(name, email_url.FORMS)

    def sender(self, name: str, *, default: str) -> str:
        """Return an email address, which may have a name before it: `Site <a@b.c>`."""
        value = self(name, default=default)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
            fail(name, "like noreply@example.com or Site <noreply@example.com>")
        return value

    def credentials(self, name: str) -> str:
        """Return `user:password`, of which nobody guesses the password."""
        value = self(name)
        if value and not re.fullmatch(r"[\w.~-]+:[\w.~-]{16,}", value, re.ASCII):
            fail(name, "like user:password, with 16 letters or digits and more")
        return value


    def require_production(self, **values: object) -> None:
        """Exit with one line that names each value that is empty, or unsafe."""
        errors = [f"{name} is missing" for name, value in values.items() if not value]
        if values.get("SECRET_KEY") == PLACEHOLDER:
            errors.append("SECRET_KEY is the example's")
        if self.bool("DEBUG", default=False):
            errors.append("DEBUG is on")
        if errors:
            sys.exit(f"Production settings refuse to start: {', '.join(errors)}.")


def read(name: str) -> str:
    return os.environ.get(name, "").strip()


def read_secret(file_name: str) -> str:
    """Return what stands in the file that this variable names; empty without one."""
    path = read(file_name)
    try:
        return Path(path).read_text().strip() if path else ""
    except (OSError, ValueError):
        fail(file_name, "the name of a text file that can be read")


def parse_database(name: str, url: str) -> dict[str, Any]:
    form = "like postgres://user:password@host:5432/name"
    if scheme(url) not in environ.Env.DB_SCHEMES:
        fail(name, form)
    try:
        parts = dict(environ.Env.db_url_config(url))
    except ValueError:
        fail(name, form)
    # It would be a text, which Django does not take for a yes.
    if "pool" in parts.get("OPTIONS", {}):
        fail(name, f"{form}, without pool: DATABASE_POOLER chooses it")
    return parts


def scheme(url: str) -> str:
    return url.partition("://")[0]


def has_host_or_path(url: str) -> bool:
    """Whether a URL says where: a host, with a port that is a number, or a path."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname or parts.path) and (parts.port or 0) >= 0
    except ValueError:
        return False


def fail(name: str, form: str) -> NoReturn:
    """Exit without showing the value, which may hold a password."""
    sys.exit(f"The variable {name} must be {form}.")
