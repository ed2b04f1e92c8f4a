"""Typed environment variables; a malformed one stops the start with one line.

An empty variable counts as unset. A secret may be in a file, as Docker and Kubernetes
mount it: for each NAME, NAME_FILE may name a file that holds the value.
"""

import builtins
import io
import math
import os
import re
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from email.utils import parseaddr
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any, ClassVar, NoReturn
from urllib.parse import unquote, urlsplit

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
NAME = rf"{LABEL}(\.{LABEL})*"
HOST = rf"{NAME}(:[0-9]+)?"
# As in Django's ALLOWED_HOSTS: a dot in front stands for the subdomains too.
ALLOWED_HOST = rf"(?i)\*|\.?{NAME}|\[[0-9a-f:.]+\]"
EMAIL = r"[^@\s]+@[^@\s]+"
SENTRY_DSN = r"https?://\w+(:\w+)?@[^/]+(/.+)?/[0-9]+"
ADDRESS = r"unix:/.+|([\w.-]+|\[[0-9a-fA-F:.]+\]):[0-9]+"


# A line of a .env file: empty, a comment, or an assignment.
ENV_LINE = r"\s*(#.*)?|(export )?(?P<name>\w+)=(?P<value>.*)"
# What `require` demands, where a start with less would be unsafe.
SAFE = {
    "SECRET_KEY": (r".{32,}", "random, and of 32 characters or more"),
    "ALLOWED_HOSTS": (r"[^*]*", "the host names of the site, not *"),
}
# The package of a database that is not part of Django's ENGINE.
DRIVERS = {"mysql": "MySQLdb", "mysql2": "MySQLdb", "oracle": "oracledb"}


class Env:
    """Reads environment variables by type, and exits with one line for a malformed one.

    django-environ parses .env files and database URLs; on an error of its own it shows a
    traceback, or only warns.
    """

    # `plinth.testing.isolate_environment` replaces it.
    variables: Mapping[str, str] = os.environ
    # Of all instances: the names that were read, and the .env file with its names.
    names: ClassVar[set[str]] = set()
    file: ClassVar[Path] = Path()
    names_in_file: ClassVar[set[str]] = set()

    def read_file(self, path: Path) -> None:
        """Load a .env file, or the one that ENV_FILE names; set variables win over it."""
        named = self("ENV_FILE")
        path = Path(named or path)
        if named and not path.exists():
            fail("ENV_FILE", "the path of a file that exists")
        text = read_env_file(path)
        lines = [re.fullmatch(ENV_LINE, line) for line in text.splitlines()]
        for number, line in enumerate(lines, start=1):
            # The values of a line without = would be ignored, and printed.
            if not line or has_open_quote(line["value"] or ""):
                sys.exit(
                    f"Line {number} of {path} must be like NAME=value, on one line."
                )
        Env.file = path
        Env.names_in_file = {line["name"] for line in lines if line and line["name"]}
        environ.Env.read_env(io.StringIO(text))
        # OpenSSL ignores a file that is missing, and then verifies nobody's certificate.
        if (trusted := self.read("SSL_CERT_FILE")) and not Path(trusted).is_file():
            fail("SSL_CERT_FILE", "the path of a file that exists")

    @classmethod
    def unknown_names(cls) -> dict[str, str]:
        """Return the names in the .env file that nothing reads, each with a similar one.

        A name of another program is known if the .env.example beside the file has it.
        """
        example = cls.file.with_name(".env.example")
        if not example.is_file():
            return {}
        listed = re.findall(
            r"^(?:# *)?(\w+)=", example.read_text("utf-8"), re.MULTILINE
        )
        known = cls.names.union(listed, (f"{name}_FILE" for name in listed))
        return {
            name: next(iter(get_close_matches(name, known, 1)), "")
            for name in sorted(cls.names_in_file - known)
        }

    def __call__(self, name: str, *, default: str = "") -> str:
        value, secret = self.read(name), self.read_secret(f"{name}_FILE")
        if value and secret:
            fail(name, f"unset while {name}_FILE is set")
        return value or secret or default

    def read(self, name: str) -> str:
        self.names.add(name)
        return self.variables.get(name, "").strip()

    def read_secret(self, name: str) -> str:
        """Return the content of the file that a variable names; empty if it is unset."""
        path = self.read(name)
        try:
            return Path(path).read_text().strip() if path else ""
        except (OSError, ValueError):
            fail(name, "the path of a text file that can be read")

    def require(self, *names: str) -> None:
        """Exit unless each of these variables has a value of its own, and a safe one."""
        if missing := [name for name in names if not self.items(name)]:
            sys.exit(f"Required variables are not set: {', '.join(missing)}.")
        for name in names:
            if self(name) == PLACEHOLDER:
                fail(name, "a value of your own, not that of .env.example")
            pattern, form = SAFE.get(name, (".*", ""))
            if not re.fullmatch(pattern, self(name)):
                fail(name, form)

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

    def hosts(self, name: str) -> list[str]:
        """Return ALLOWED_HOSTS: host names, `.example.com` for subdomains too, or `*`."""
        values = self.items(name)
        if not all(re.fullmatch(ALLOWED_HOST, value) for value in values):
            fail(name, "like example.com,.example.com, without https://, port and path")
        return values

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
            starts = " or ".join(f"{scheme}://" for scheme in schemes)
            fail(name, f"a URL that starts with {starts}")
        # Redis clients read another word as 0, or fail at the first command.
        if scheme(value) in REDIS and urlsplit(value).path.strip("/0123456789"):
            fail(name, "a URL with a number, like redis://localhost:6379/0")
        return value

    def origins(self, name: str) -> list[str]:
        values = self.items(name)
        if not all(re.fullmatch(rf"https?://(\*\.)?{HOST}", value) for value in values):
            fail(name, "like https://example.com,https://*.example.com")
        return values

    def networks(self, name: str) -> list[str]:
        """Return addresses and networks that `ipaddress.ip_network` accepts."""
        try:
            return [str(ip_network(value)) for value in self.items(name)]
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

    def mail_providers(self, name: str) -> list[str]:
        """Return the names of email providers whose webhooks the site reads."""
        values = self.items(name)
        if not set(values) <= set(email_url.WEBHOOKS):
            fail(name, f"of {', '.join(email_url.WEBHOOKS)}")
        return values

    def path(self, name: str) -> str:
        """Return a URL's path without a slash at its end; empty if unset."""
        value = self(name).rstrip("/")
        if value and not re.fullmatch(r"(/[\w.~-]+)+", value, re.ASCII):
            fail(name, "a path that starts with /, like /shop")
        return value

    def sender(self, name: str, *, default: str) -> str:
        """Return an email address, which may have a name before it: `Site <a@b.c>`."""
        value = self(name, default=default)
        if not re.fullmatch(EMAIL, parseaddr(value)[1]):
            fail(name, "like noreply@example.com or Site <noreply@example.com>")
        return value

    def email(self, name: str, *, default: str) -> str:
        """Return an email address without a name."""
        value = self(name)
        if value and not re.fullmatch(EMAIL, value):
            fail(name, "an email address, like security@example.com")
        return value or default

    def sentry_dsn(self, name: str) -> str:
        """Return the address of a Sentry project; empty if unset."""
        value = self(name)
        if value and not re.fullmatch(SENTRY_DSN, value):
            fail(name, "like https://key@sentry.example.com/1")
        return value

    def credentials(self, name: str) -> str:
        """Return `user:password`, with a password of 16 characters or more."""
        value = self(name)
        if value and not re.fullmatch(r"[\w.~-]+:[\w.~-]{16,}", value, re.ASCII):
            fail(
                name,
                "like user:password, with a password of 16 or more letters, digits or .~-_",
            )
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
        in_a_file = scheme(url).endswith(("sqlite", "spatialite"))
        # sqlite://db.sqlite3 would name a host, and the database be in memory.
        # sqlite:/// names no file, and would be in memory too: sqlite:// says so.
        if in_a_file and (
            urlsplit(url).netloc not in {"", ":memory:"} or urlsplit(url).path == "/"
        ):
            fail(name, "like sqlite:///db.sqlite3, with three slashes")
        parts = dict(environ.Env.db_url_config(url))
    except ValueError:
        fail(name, form)
    if not parts["NAME"] and "service" not in parts.get("OPTIONS", {}):
        fail(name, f"{form}, with the name of the database")
    # libpq's form of a unix socket: %2Frun%2Fpostgresql.
    parts["HOST"] = unquote(parts.get("HOST", ""))
    driver = DRIVERS.get(scheme(url), parts["ENGINE"].partition(".")[0])
    if not find_spec(driver):
        fail(name, f"{form}: {scheme(url)}:// needs the package {driver}")
    # From a URL it would be a string, which Django ignores.
    if "pool" in parts.get("OPTIONS", {}):
        fail(name, f"{form}, without pool: DATABASE_POOLER chooses it")
    return parts


def read_env_file(path: Path) -> str:
    """Return the text of a .env file, empty if there is none; exit if it is not UTF-8."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        sys.exit(f"{path} must be a text file that can be read, in UTF-8.")


def has_open_quote(value: str) -> bool:
    """Whether a value starts with a quote that its line does not end with."""
    return value[:1] in {"'", '"'} and (len(value) == 1 or value[-1] != value[0])


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
