import pytest

from config.env import Env


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("flag", "flase"),
        ("integer", "an hour"),
        ("number", "half"),
        ("database", "garbage"),
        ("database", "postgres://user:hidden@host:port/name"),
        ("mail", "pigeon://user:hidden@roof"),
    ],
)
def test_a_malformed_variable_stops_the_start_in_one_line(
    monkeypatch: pytest.MonkeyPatch, method: str, value: str
) -> None:
    monkeypatch.setenv("A_NAME", value)
    options = {} if method in {"database", "mail"} else {"default": 0}

    with pytest.raises(SystemExit) as stop:
        getattr(Env(), method)("A_NAME", **options)

    assert str(stop.value).startswith("The variable A_NAME must be ")
    assert "\n" not in str(stop.value)
    assert "hidden" not in str(stop.value)


def test_a_url_has_one_of_the_schemes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Env().url("A_NAME", "redis") == ""

    monkeypatch.setenv("A_NAME", "redis://localhost")
    assert Env().url("A_NAME", "redis") == "redis://localhost"

    with pytest.raises(SystemExit, match="must be a URL that starts with amqp"):
        Env().url("A_NAME", "amqp", "amqps")


def test_a_choice_is_among_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Env().choice("A_NAME", "INFO", "ERROR", default="INFO") == "INFO"

    monkeypatch.setenv("A_NAME", "LOUD")
    with pytest.raises(SystemExit, match="must be one of INFO, ERROR"):
        Env().choice("A_NAME", "INFO", "ERROR", default="INFO")


@pytest.mark.parametrize(
    ("value", "meant"), [("true", True), ("On", True), ("0", False), ("", False)]
)
def test_yes_and_no_are_understood(
    monkeypatch: pytest.MonkeyPatch, value: str, meant: bool
) -> None:
    monkeypatch.setenv("A_NAME", value)

    assert Env().flag("A_NAME", default=not meant) is meant
