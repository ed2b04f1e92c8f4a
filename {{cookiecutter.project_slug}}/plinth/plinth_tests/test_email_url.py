"""EMAIL_URL: the mailer that Django or Anymail makes of each scheme."""

from typing import Any

import pytest
from django.core.mail import mailers
from pytest_django import Settings

from plinth import extras
from plinth.env import Env


def scheme(value: object) -> str:
    """Name a case by its URL alone."""
    return value.partition(":")[0] if isinstance(value, str) else ""


@pytest.mark.parametrize(
    ("url", "module", "expected"),
    [
        (
            "smtp+tls://user:p%40ss%23@mail.example.com:2587",
            "django.core.mail.backends.smtp",
            {
                "host": "mail.example.com",
                "port": 2587,
                "username": "user",
                "password": "p@ss#",
                "use_tls": True,
                "use_ssl": False,
                "timeout": 10,
            },
        ),
        (
            "smtp+ssl://mail.example.com",
            "django.core.mail.backends.smtp",
            {"port": 465, "use_tls": False, "use_ssl": True},
        ),
        (
            "smtp://localhost",
            "django.core.mail.backends.smtp",
            {"host": "localhost", "port": 25, "username": "", "use_tls": False},
        ),
        (
            "sendgrid://SG.a-b_c.D",
            "django.core.mail.backends.smtp",
            {
                "host": "smtp.sendgrid.net",
                "port": 587,
                "username": "apikey",
                "password": "SG.a-b_c.D",
                "use_tls": True,
            },
        ),
        (
            "postmark://01234-ABCD?message_stream=accounts",
            "anymail.backends.postmark",
            {
                "server_token": "01234-ABCD",
                "message_stream": "accounts",
                "api_url": "https://api.postmarkapp.com/",
                "timeout": 10,
            },
        ),
        (
            "mailgun://key-1@mg.example.com?api_url=https://api.eu.mailgun.net/v3",
            "anymail.backends.mailgun",
            {
                "api_key": "key-1",
                "sender_domain": "mg.example.com",
                "api_url": "https://api.eu.mailgun.net/v3/",
                "timeout": 10,
            },
        ),
        (
            "brevo://xkeysib-A-b",
            "anymail.backends.brevo",
            {"api_key": "xkeysib-A-b", "timeout": 10},
        ),
    ],
    ids=scheme,
)
def test_url_gives_the_mailer_its_options(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    url: str,
    module: str,
    expected: dict[str, Any],
) -> None:
    monkeypatch.setattr(Env, "variables", {"EMAIL_URL": url})
    settings.MAILERS = {"default": Env().mailer("EMAIL_URL")}

    mailer = mailers.default

    assert type(mailer).__module__ == module
    assert {name: getattr(mailer, name) for name in expected} == expected


@pytest.mark.skipif(not extras.is_installed("s3"), reason="an extra: s3")
def test_ses_authenticates_with_a_key_or_the_machines_role(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for url, key in (
        ("ses://eu-west-1", None),
        ("ses://ID:a%2Fb@eu-west-1?configuration_set_name=events", "a/b"),
    ):
        monkeypatch.setattr(Env, "variables", {"EMAIL_URL": url})
        settings.MAILERS = {"default": Env().mailer("EMAIL_URL")}

        ses: Any = mailers.default

        assert ses.client_params["region_name"] == "eu-west-1"
        assert ses.client_params["aws_secret_access_key"] == key
        assert ses.client_params["config"].read_timeout == 10
    assert ses.configuration_set_name == "events"
