import logging
import smtplib
from collections.abc import Sequence
from typing import Any

import pytest
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMultiAlternatives
from django.db import transaction
from django.template import Engine
from django.template.loaders.locmem import Loader
from django.utils.html import escape
from pytest_django import Settings

from plinth.mail import errors, services
from plinth.mail.models import Suppression
from plinth.testing.plugin import Commit

pytestmark = pytest.mark.django_db

TO = "ann@example.com"
TEMPLATES = {
    "trial/subject.txt": "Hello\n {% firstof name %}",
    "trial/body.txt": "Dear {% firstof name %}",
    "trial/body.html": '{% extends "mail/base.html" %}{% block content %}'
    "Dear {% firstof name %}{% endblock %}",
}


class Broken(BaseEmailBackend):
    """A server that fails as a test wants it to."""

    error: Exception

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise self.error


@pytest.fixture(autouse=True)
def templates(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.get_default()
    loaders = [Loader(engine, TEMPLATES), *engine.template_loaders]
    monkeypatch.setitem(engine.__dict__, "template_loaders", loaders)


@pytest.fixture
def broken(settings: Settings) -> type[Broken]:
    backend = f"{__name__}.Broken"
    settings.MAILERS = {"default": {"BACKEND": backend}}
    return Broken


def message() -> services.Message:
    return services.Message(TO, "", "", "", services.make_headers(""))


def sent(commit: Commit, name: str = "Ann", **options: Any) -> EmailMultiAlternatives:
    with commit():
        services.send("trial", TO, {"name": name}, **options)
    [message] = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    return message


def html_of(mail: EmailMultiAlternatives) -> str:
    [(html, kind)] = mail.alternatives
    assert kind == "text/html"
    return str(html)


def test_a_mail_has_text_and_html(commit: Commit, settings: Settings) -> None:
    message = sent(commit)

    assert message.to == [TO]
    assert message.from_email == settings.DEFAULT_FROM_EMAIL
    assert message.subject == "Hello Ann"
    assert message.body == "Dear Ann\n"
    assert "Dear Ann" in html_of(message)
    assert escape(settings.SITE_NAME) in html_of(message)


def test_html_is_escaped_and_text_is_not(commit: Commit) -> None:
    message = sent(commit, name="<b>Tom & Ann</b>")

    assert message.body == "Dear <b>Tom & Ann</b>\n"
    assert message.subject == "Hello <b>Tom & Ann</b>"
    assert "Dear &lt;b&gt;Tom &amp; Ann&lt;/b&gt;" in html_of(message)


def test_a_transaction_that_rolls_back_sends_nothing(commit: Commit) -> None:
    with commit(), transaction.atomic():
        services.send("trial", TO, {})
        transaction.set_rollback(True)

    assert mail.outbox == []


def test_nothing_leaves_before_the_transaction_commits(commit: Commit) -> None:
    with commit():
        services.send("trial", TO, {})
        assert mail.outbox == []

    assert len(mail.outbox) == 1


def test_a_name_brings_no_header_with_it(commit: Commit) -> None:
    message = sent(commit, name="Ann\r\nBcc: everybody@example.com").message()

    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Ann Bcc: everybody@example.com"


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ann",
        "ann@example.com\nBcc: bo@example.com",
        "ann@example.com, bo@example.com",
        "Ann <ann@example.com>",
        ",".join(["ann@example.com"] * 10_000),
    ],
    ids=["nobody", "a name", "a header", "two", "a name too", "thousands"],
)
def test_mail_goes_to_one_address(to: str) -> None:
    with pytest.raises(ValueError, match="one address"):
        services.send("trial", to, {})


def test_account_mail_offers_no_way_out(commit: Commit) -> None:
    message = sent(commit)

    assert not [name for name in message.extra_headers if name.startswith("List")]
    assert "Unsubscribe" not in html_of(message)


def test_what_one_can_do_without_is_left_by_one_click(commit: Commit) -> None:
    message = sent(commit, unsubscribe="https://example.com/leave/?a=b&c=d")

    headers = message.message()
    assert headers["List-Unsubscribe"] == "<https://example.com/leave/?a=b&c=d>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert 'href="https://example.com/leave/?a=b&amp;c=d"' in html_of(message)


@pytest.mark.parametrize("url", ["/leave/", "https://example.com/\nBcc: a@b.c", "x"])
def test_one_leaves_at_an_absolute_address(url: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        services.send("trial", TO, {}, unsubscribe=url)


def test_nobody_answers_a_machine_with_a_machine(commit: Commit) -> None:
    assert sent(commit).extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_message_that_is_sent_twice_is_one_message(
    commit: Commit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[services.Message] = []
    monkeypatch.setattr(services, "enqueue", handed.append)
    with commit():
        services.send("trial", TO, {})
    [message] = handed

    services.deliver(message)
    services.deliver(message)
    assert len(mail.outbox) == 1

    # The note is gone: what comes a second time is known by its name.
    cache.clear()
    services.deliver(message)
    first, second = (copy.message()["Message-ID"] for copy in mail.outbox)
    assert first == second
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2]
    # A header keeps no space, of which a domain has none.
    assert first.endswith(f"@{domain.replace(' ', '')}>")


def test_a_suppressed_address_gets_no_mail(
    commit: Commit, caplog: pytest.LogCaptureFixture
) -> None:
    Suppression.objects.create(address="Ann@Example.com", reason="bounced")

    with commit():
        services.send("trial", "ANN@example.com", {})
        services.send("trial", "bo@example.com", {})

    assert [message.to for message in mail.outbox] == [["bo@example.com"]]
    assert "suppressed" in caplog.text
    assert "ann@" not in caplog.text.lower()


class Answer:
    """What errors of providers show of an HTTP answer."""

    reason = "Refused"

    def __init__(self, status: int) -> None:
        self.status_code = status


def of_http(status: int) -> AnymailAPIError:
    return AnymailAPIError(TO, status_code=status, response=Answer(status))


def of_amazon(code: str) -> AnymailAPIError:
    return AnymailAPIError(TO, response={"Error": {"Code": code, "Message": TO}})


TRANSIENT_ERRORS = [
    ConnectionRefusedError(TO),
    TimeoutError(TO),
    smtplib.SMTPServerDisconnected(TO),
    smtplib.SMTPRecipientsRefused({TO: (450, TO.encode())}),
    smtplib.SMTPDataError(451, TO),
    # Ours to repair.
    smtplib.SMTPAuthenticationError(535, TO),
    smtplib.SMTPSenderRefused(550, b"", TO),
    of_http(401),
    of_http(429),
    of_http(503),
    of_amazon("TooManyRequestsException"),
    of_amazon("SendingPausedException"),
]
FINAL = [
    smtplib.SMTPRecipientsRefused({TO: (550, TO.encode())}),
    smtplib.SMTPDataError(554, TO),
    AnymailRecipientsRefused(TO),
    of_http(400),
    of_http(422),
    of_amazon("MessageRejected"),
]


@pytest.mark.parametrize("error", TRANSIENT_ERRORS, ids=errors.describe)
def test_what_passes_is_tried_again(error: Exception, broken: type[Broken]) -> None:
    broken.error = error

    with pytest.raises(services.UnavailableError) as raised:
        services.deliver(message())

    assert str(raised.value) == errors.describe(error)
    # Logs show what is raised, and what it was raised from.
    assert raised.value.__suppress_context__
    assert TO not in str(raised.value)


@pytest.mark.parametrize("error", FINAL, ids=errors.describe)
def test_what_is_refused_is_not_tried_again(
    error: Exception, broken: type[Broken], caplog: pytest.LogCaptureFixture
) -> None:
    broken.error = error
    caplog.set_level(logging.INFO)

    services.deliver(message())

    assert f"A mail was refused: {errors.describe(error)}" in caplog.text
    assert TO not in caplog.text


def test_a_dead_server_does_not_stop_the_page_and_shows_no_address(
    broken: type[Broken], commit: Commit, caplog: pytest.LogCaptureFixture
) -> None:
    broken.error = ConnectionRefusedError(TO)

    with commit():
        services.send("trial", TO, {})

    assert "A mail is lost" in caplog.text
    assert "UnavailableError: ConnectionRefusedError" in caplog.text
    assert TO not in caplog.text
