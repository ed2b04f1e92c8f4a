"""Typed environment variables."""

import os
from pathlib import Path

import pytest

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
        ("database", "garbage"),
        ("database", "paper://user:hidden@host/name"),
        ("database", "postgres://user:hidden@host:port/name"),
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
    if method == "sender":
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
        with pytest.raises(SystemExit, match="a URL that starts with redis or unix"):
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
