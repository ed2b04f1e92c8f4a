from pathlib import Path

import pytest

from plinth.env import Env

pytestmark = pytest.mark.practice(39)


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("flag", "flase"),
        ("integer", "an hour"),
        ("integer", "-5"),
        ("address", "8000"),
        ("address", "https://example.com"),
        ("address", "unix:web.sock"),
        ("address", "127.0.0.1:65536"),
        ("port", "0"),
        ("port", "65536"),
        ("share", "half"),
        ("share", "nan"),
        ("share", "1.5"),
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
def test_a_malformed_variable_stops_the_start_in_one_line(
    monkeypatch: pytest.MonkeyPatch, method: str, value: str
) -> None:
    monkeypatch.setenv("A_NAME", value)
    options: dict[str, object] = {}
    if method in {"flag", "integer", "port", "share"}:
        options = {"default": 0}
    if method == "sender":
        options = {"default": "noreply@example.com"}

    with pytest.raises(SystemExit) as stop:
        getattr(Env(), method)("A_NAME", **options)

    assert str(stop.value).startswith("The variable A_NAME must be ")
    assert "\n" not in str(stop.value)
    assert "hidden" not in str(stop.value)


def test_a_url_has_one_of_the_schemes_and_a_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Env().url("A_NAME", "redis") == ""

    for good in ("redis://localhost", "unix:///run/redis.sock"):
        monkeypatch.setenv("A_NAME", good)
        assert Env().url("A_NAME", "redis", "unix") == good

    for bad in ("amqp://localhost", "redis://", "redis://host:port/0", "localhost"):
        monkeypatch.setenv("A_NAME", bad)
        with pytest.raises(SystemExit, match="a URL that starts with redis or unix"):
            Env().url("A_NAME", "redis", "unix")


def test_a_database_of_redis_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for good in ("redis://localhost", "redis://localhost/", "rediss://localhost/12"):
        monkeypatch.setenv("A_NAME", good)
        assert Env().url("A_NAME", "redis", "rediss") == good

    monkeypatch.setenv("A_NAME", "redis://localhost/cache")
    with pytest.raises(SystemExit, match="with a number, like redis://localhost"):
        Env().url("A_NAME", "redis")


def test_a_sender_may_have_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "My Site <mail@example.com>")

    assert Env().sender("A_NAME", default="") == "My Site <mail@example.com>"


def test_a_choice_is_among_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Env().choice("A_NAME", "INFO", "ERROR", default="INFO") == "INFO"

    monkeypatch.setenv("A_NAME", "LOUD")
    with pytest.raises(SystemExit, match="must be one of INFO, ERROR"):
        Env().choice("A_NAME", "INFO", "ERROR", default="INFO")


@pytest.mark.parametrize(
    ("value", "meant"), [("true", True), ("On", True), ("0", False)]
)
def test_yes_and_no_are_understood(
    monkeypatch: pytest.MonkeyPatch, value: str, meant: bool
) -> None:
    monkeypatch.setenv("A_NAME", value)

    assert Env().flag("A_NAME", default=not meant) is meant


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", " ")

    assert Env().flag("A_NAME", default=True) is True
    assert Env().integer("A_NAME", default=60) == 60
    assert Env()("A_NAME", default="text") == "text"
    assert Env().items("A_NAME") == []


def test_a_list_is_what_stands_between_the_commas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_NAME", "a.example, b.example,")

    assert Env().items("A_NAME") == ["a.example", "b.example"]


def test_a_dollar_sign_is_a_dollar_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "$HOME")

    assert Env()("A_NAME") == "$HOME"


def test_a_secret_may_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    monkeypatch.setenv("A_NAME_FILE", str(secret))

    secret.write_text("redis://:pass@host\n")
    assert Env()("A_NAME") == "redis://:pass@host"
    # However it is read.
    assert Env().url("A_NAME", "redis") == "redis://:pass@host"

    secret.write_text("\n")
    assert Env()("A_NAME", default="none") == "none"

    monkeypatch.setenv("A_NAME_FILE", "")
    assert Env()("A_NAME", default="none") == "none"


@pytest.mark.parametrize("name", ["missing", ".", "bytes"])
def test_a_file_that_can_not_be_read_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("A_NAME_FILE", str(tmp_path / name))

    with pytest.raises(SystemExit) as stop:
        Env()("A_NAME", default="none")

    line = "The variable A_NAME_FILE must be the name of a text file that can be read."
    assert str(stop.value) == line


def test_a_secret_that_is_said_twice_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden in the file")
    monkeypatch.setenv("A_NAME_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("A_NAME", "hidden")

    with pytest.raises(SystemExit) as stop:
        Env()("A_NAME")

    assert str(stop.value) == (
        "The variable A_NAME must be left out where A_NAME_FILE names a file."
    )


def test_the_file_of_variables_is_no_secret_of_another_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "my.env").write_text("A_NAME=value\n")
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "my.env"))
    # What is read is kept in the environment, which the test puts back.
    monkeypatch.setenv("A_NAME", "")
    monkeypatch.delenv("A_NAME")

    Env().read_file(tmp_path / "none.env")

    assert Env()("A_NAME") == "value"
