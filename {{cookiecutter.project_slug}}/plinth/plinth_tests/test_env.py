"""Typed environment variables."""

import os
from pathlib import Path

import environ
import pytest

from plinth.checks import check_variables
from plinth.env import PLACEHOLDER, Env

env = Env()


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment variables of a test."""
    variables: dict[str, str] = {}
    monkeypatch.setattr(Env, "variables", variables)
    return variables


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("bool", "flase"),
        ("integer", "an hour"),
        ("integer", "-5"),
        ("address", "8000"),
        ("address", "https://example.com"),
        ("address", "unix:web.sock"),
        ("address", "127.0.0.1:65536"),
        ("port", "0"),
        ("port", "65536"),
        ("fraction", "half"),
        ("fraction", "nan"),
        ("fraction", "1.5"),
        ("host", "https://cdn.example.com/"),
        ("host", "cdn..example.com"),
        ("host", "cdn.example.com:65536"),
        ("origins", "https://example.com,example.org"),
        ("hosts", "https://shop.example"),
        ("hosts", "shop.example/"),
        ("hosts", "shop.example:8000"),
        ("hosts", "*.shop.example"),
        ("hosts", "['shop.example']"),
        ("hosts", "shop example"),
        ("hosts", "bücher.example"),
        ("database", "garbage"),
        ("database", "paper://user:hidden@host/name"),
        ("database", "postgres://user:hidden@host:port/name"),
        ("database", "postgres://user:hidden@host"),
        ("database", "postgres://user:hidden@host/"),
        ("database", "mysql://user:hidden@host/name"),
        ("database", "mssql://user:hidden@host/name"),
        ("database", "sqlite://db.sqlite3"),
        ("database", "sqlite:///"),
        ("mail_providers", "postmark,hidden"),
        ("mailer", "garbage"),
        ("mailer", "pigeon://user:hidden@roof"),
        ("mailer", "consolemail://"),
        ("mailer", "smtp://"),
        ("mailer", "smtp://user@host"),
        ("mailer", "smtp+tls://user:hidden@host:port"),
        ("mailer", "smtp+tls://user:hidden#1@host"),
        ("mailer", "smtp+tls://user:hid/den@host"),
        ("mailer", "smtp+tls://user:hidden@host?use_tls=false"),
        ("mailer", "postmark://"),
        ("mailer", "postmark://user:hidden"),
        ("mailer", "brevo://hidden?timeout=forever"),
        ("mailer", "brevo://hidden/path"),
        ("mailer", "sendgrid://apikey:hidden@smtp.sendgrid.net"),
        ("mailer", "mailgun://hidden"),
        ("mailer", "mailgun://@mg.example.com"),
        ("mailer", "ses://"),
        ("mailer", "ses://hidden"),
        ("mailer", "ses://hidden@eu-west-1"),
        ("sender", "nobody"),
        ("sender", "nobody@"),
        ("sender", "A Site, nobody@example.com"),
        ("email", "nobody"),
        ("email", "A Site <nobody@example.com>"),
        ("sentry_dsn", "https://sentry.example.com/1"),
        ("sentry_dsn", "https://hidden@sentry.example.com"),
        ("sentry_dsn", "https://hidden@sentry.example.com/project"),
        ("credentials", "hidden"),
        ("credentials", "mail:hidden"),
        ("credentials", "mail:hidden, and all that follows it"),
    ],
)
def test_malformed_variable_stops_the_start_with_one_line(
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    value: str,
) -> None:
    monkeypatch.setattr("plinth.extras.is_installed", lambda extra: True)
    variables["A_NAME"] = value
    options: dict[str, object] = {}
    if method in {"bool", "integer", "port", "fraction"}:
        options = {"default": 0}
    if method in {"sender", "email"}:
        options = {"default": "noreply@example.com"}

    with pytest.raises(SystemExit) as stop:
        getattr(env, method)("A_NAME", **options)

    assert str(stop.value).startswith("The variable A_NAME must be ")
    assert "\n" not in str(stop.value)
    assert "hidden" not in str(stop.value)


def test_url_needs_a_scheme_of_the_list_and_a_host_or_path(
    variables: dict[str, str],
) -> None:
    assert env.url("A_NAME", "redis") == ""

    for good in ("redis://localhost", "unix:///run/redis.sock"):
        variables["A_NAME"] = good
        assert env.url("A_NAME", "redis", "unix") == good

    for bad in ("amqp://localhost", "redis://", "redis://host:port/0", "localhost"):
        variables["A_NAME"] = bad
        with pytest.raises(
            SystemExit, match="a URL that starts with redis:// or unix://"
        ):
            env.url("A_NAME", "redis", "unix")


def test_redis_database_is_a_number(variables: dict[str, str]) -> None:
    for good in ("redis://localhost", "redis://localhost/", "rediss://localhost/12"):
        variables["A_NAME"] = good
        assert env.url("A_NAME", "redis", "rediss") == good

    variables["A_NAME"] = "redis://localhost/cache"
    with pytest.raises(SystemExit, match="with a number, like redis://localhost"):
        env.url("A_NAME", "redis")


def test_sender_may_have_a_name(variables: dict[str, str]) -> None:
    variables["A_NAME"] = "My Site <mail@example.com>"

    assert env.sender("A_NAME", default="") == "My Site <mail@example.com>"


def test_choice_is_one_of_the_choices(variables: dict[str, str]) -> None:
    assert env.choice("A_NAME", "INFO", "ERROR", default="INFO") == "INFO"

    variables["A_NAME"] = "LOUD"
    with pytest.raises(SystemExit, match="must be one of INFO, ERROR"):
        env.choice("A_NAME", "INFO", "ERROR", default="INFO")


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("On", True), ("0", False)]
)
def test_booleans_have_several_spellings(
    variables: dict[str, str], value: str, expected: bool
) -> None:
    variables["A_NAME"] = value

    assert env.bool("A_NAME", default=not expected) is expected


def test_empty_variable_counts_as_unset(variables: dict[str, str]) -> None:
    variables["A_NAME"] = " "

    assert env.bool("A_NAME", default=True) is True
    assert env.integer("A_NAME", default=60) == 60
    assert env("A_NAME", default="text") == "text"
    assert env.items("A_NAME") == []


def test_list_is_split_at_commas(variables: dict[str, str]) -> None:
    variables["A_NAME"] = "a.example, b.example,"

    assert env.items("A_NAME") == ["a.example", "b.example"]


def test_dollar_sign_is_not_expanded(variables: dict[str, str]) -> None:
    variables["A_NAME"] = "$HOME"

    assert env("A_NAME") == "$HOME"


@pytest.mark.practice(72)
def test_required_variables_are_named_in_one_line(variables: dict[str, str]) -> None:
    variables.update(A="1", B=" , ", C="")

    with pytest.raises(SystemExit) as stop:
        env.require("A", "B", "C")
    assert str(stop.value) == "Required variables are not set: B, C."

    variables.update(B="2", C=PLACEHOLDER)
    with pytest.raises(SystemExit, match=r"C must be a value of your own, not that of"):
        env.require("A", "B", "C")

    variables["C"] = "3"
    env.require("A", "B", "C")


def test_variable_of_a_missing_extra_stops_the_start_with_one_line(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plinth.extras.is_installed", lambda extra: False)
    variables["EMAIL_URL"] = "ses://eu-west-1"

    with pytest.raises(SystemExit) as stop:
        env.mailer("EMAIL_URL")

    assert str(stop.value) == (
        "The variable EMAIL_URL needs an extra that is not installed: "
        "add django-plinth[s3] to the dependencies."
    )


# Secrets in files


@pytest.mark.practice(39)
def test_secret_may_be_in_a_file(variables: dict[str, str], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    variables["A_NAME_FILE"] = str(secret)

    secret.write_text("redis://:pass@host\n")
    assert env("A_NAME") == "redis://:pass@host"
    # By every method.
    assert env.url("A_NAME", "redis") == "redis://:pass@host"

    secret.write_text("\n")
    assert env("A_NAME", default="none") == "none"

    variables["A_NAME_FILE"] = ""
    assert env("A_NAME", default="none") == "none"


@pytest.mark.practice(39)
@pytest.mark.parametrize("name", ["missing", ".", "bytes"])
def test_unreadable_file_stops_the_start_with_one_line(
    variables: dict[str, str], tmp_path: Path, name: str
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    variables["A_NAME_FILE"] = str(tmp_path / name)

    with pytest.raises(SystemExit) as stop:
        env("A_NAME", default="none")

    line = "The variable A_NAME_FILE must be the path of a text file that can be read."
    assert str(stop.value) == line


@pytest.mark.practice(39)
def test_secret_that_is_set_twice_stops_the_start(
    variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden in the file")
    variables.update(A_NAME_FILE=str(tmp_path / "secret"), A_NAME="hidden")

    with pytest.raises(SystemExit) as stop:
        env("A_NAME")

    assert str(stop.value) == (
        "The variable A_NAME must be unset while A_NAME_FILE is set."
    )


def test_env_file_is_no_secret_of_a_variable_named_env(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "my.env").write_text("A_NAME=value\n")
    monkeypatch.setattr(Env, "variables", os.environ)
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "my.env"))
    # The file is loaded into the environment, which monkeypatch restores.
    monkeypatch.setenv("A_NAME", "")
    monkeypatch.delenv("A_NAME")

    env.read_file(tmp_path / "none.env")

    assert env("A_NAME") == "value"


# Variables with a form


def test_allowed_hosts_are_those_that_django_matches(
    variables: dict[str, str],
) -> None:
    hosts = ["Shop.example", ".shop.example", "192.0.2.7", "[::1]", "web", "*"]
    variables["A_NAME"] = ",".join(hosts)

    assert env.hosts("A_NAME") == hosts


@pytest.mark.practice(72)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "hidden"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "example.com,*"),
    ],
)
def test_required_variable_with_an_unsafe_value_stops_the_start(
    variables: dict[str, str], name: str, value: str
) -> None:
    variables[name] = value

    with pytest.raises(SystemExit, match=f"The variable {name} must be ") as stop:
        env.require(name)

    assert "hidden" not in str(stop.value)


def test_sentry_dsn_may_have_a_path(variables: dict[str, str]) -> None:
    for dsn in ("https://key@o1.ingest.sentry.io/1", "http://a:b@host:9000/sentry/1"):
        variables["A_NAME"] = dsn

        assert env.sentry_dsn("A_NAME") == dsn


@pytest.mark.parametrize(
    ("url", "host", "name"),
    [
        ("postgres://app@%2FVar%2Frun/app", "/Var/run", "app"),
        ("postgres://app@%2fvar%2Frun:5433/app", "/var/run", "app"),
        ("postgres:////var/run/app", "/var/run", "app"),
        ("postgres://app:a%2Fb@host/app", "host", "app"),
        ("postgres://?service=app", "", ""),
        ("sqlite://", "", ":memory:"),
        ("sqlite:///db.sqlite3", "", "db.sqlite3"),
    ],
)
def test_host_and_name_of_a_database_are_read(
    variables: dict[str, str], url: str, host: str, name: str
) -> None:
    variables["A_NAME"] = url

    database = env.database("A_NAME")

    assert (database["HOST"], database["NAME"]) == (host, name)


# The .env file


@pytest.fixture
def file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str]
) -> Path:
    monkeypatch.setattr(environ.Env, "ENVIRON", {})
    monkeypatch.setattr(Env, "names", set())
    return tmp_path / ".env"


@pytest.mark.parametrize(
    "start", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"]
)
def test_env_file_is_read(file: Path, start: bytes) -> None:
    file.write_bytes(
        start
        + b"""A=postgres://app:secret@host/app
  # a comment
\t
export B="two words"
C='$HOME # no comment'
D=
"""
    )

    env.read_file(file)

    assert environ.Env.ENVIRON == {
        "A": "postgres://app:secret@host/app",
        "B": "two words",
        "C": "$HOME # no comment",
        "D": "",
    }


@pytest.mark.practice(39)
@pytest.mark.parametrize(
    "line",
    [
        "postgres://app:hidden@host/app",
        "A = hidden",
        "A: hidden",
        '"hidden',
        'A="hidden',
        "A='hidden\" # comment",
    ],
)
def test_malformed_line_of_an_env_file_is_not_printed(
    file: Path, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"SITE_NAME=Bee\n{line}\nhidden\n")

    with pytest.raises(SystemExit) as stop:
        env.read_file(file)

    assert stop.value.code == f"Line 2 of {file} must be like NAME=value, on one line."
    assert "hidden" not in "".join(capfd.readouterr())


def test_env_file_in_another_encoding_stops_the_start_with_one_line(file: Path) -> None:
    file.write_bytes("A=1\n".encode("utf-16"))

    with pytest.raises(SystemExit) as stop:
        env.read_file(file)

    line = f"{file} must be a text file that can be read, in UTF-8."
    assert stop.value.code == line


def test_names_in_the_env_file_that_nothing_reads_are_found(
    file: Path, variables: dict[str, str]
) -> None:
    names = ("DATABAS_URL", "OTHERS", "READ", "LISTED", "LISTED_FILE", "A_SECRET_FILE")
    file.write_text("".join(f"{name}=1\n" for name in names))
    env.read_file(file)
    env("READ")
    env("A_SECRET")

    # In an image there is no example to compare with.
    assert Env.unknown_names() == {}

    file.with_name(".env.example").write_text("# DATABASE_URL=\nLISTED=1\n# a text\n")
    assert Env.unknown_names() == {"DATABAS_URL": "DATABASE_URL", "OTHERS": ""}
    assert [str(message.hint) for message in check_variables()] == [
        "Did you mean DATABASE_URL?",
        "Delete it, or list it in .env.example for the program that reads it.",
    ]


def test_missing_certificates_stop_the_start(
    variables: dict[str, str], tmp_path: Path
) -> None:
    variables["SSL_CERT_FILE"] = str(tmp_path / "missing.pem")
    with pytest.raises(SystemExit, match="SSL_CERT_FILE must be the path of a file"):
        env.read_file(tmp_path / ".env")

    (tmp_path / "missing.pem").touch()
    env.read_file(tmp_path / ".env")
