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
    """A backend that raises `error`."""

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


def test_mail_has_text_and_html(commit: Commit, settings: Settings) -> None:
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


def test_rollback_sends_no_mail(commit: Commit) -> None:
    with commit(), transaction.atomic():
        services.send("trial", TO, {})
        transaction.set_rollback(True)

    assert mail.outbox == []


def test_mail_is_sent_on_commit(commit: Commit) -> None:
    with commit():
        services.send("trial", TO, {})
        assert mail.outbox == []

    assert len(mail.outbox) == 1


def test_line_break_injects_no_header(commit: Commit) -> None:
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
    ids=["empty", "no domain", "header", "two", "display name", "thousands"],
)
def test_recipient_is_a_single_address(to: str) -> None:
    with pytest.raises(ValueError, match="one address"):
        services.send("trial", to, {})


def test_mail_has_no_unsubscribe_link_by_default(commit: Commit) -> None:
    message = sent(commit)

    assert not [name for name in message.extra_headers if name.startswith("List")]
    assert "Unsubscribe" not in html_of(message)


def test_optional_mail_has_one_click_unsubscribe(commit: Commit) -> None:
    message = sent(commit, unsubscribe="https://example.com/leave/?a=b&c=d")

    headers = message.message()
    assert headers["List-Unsubscribe"] == "<https://example.com/leave/?a=b&c=d>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert 'href="https://example.com/leave/?a=b&amp;c=d"' in html_of(message)


@pytest.mark.parametrize("url", ["/leave/", "https://example.com/\nBcc: a@b.c", "x"])
def test_unsubscribe_url_is_absolute(url: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        services.send("trial", TO, {}, unsubscribe=url)


def test_automatic_replies_are_suppressed(commit: Commit) -> None:
    assert sent(commit).extra_headers["Auto-Submitted"] == "auto-generated"


def test_redelivered_message_is_deduplicated(
    commit: Commit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueued: list[services.Message] = []

    def enqueue(task: str, **arguments: Any) -> bool:
        enqueued.append(services.Message(**arguments))
        return True

    monkeypatch.setattr(services, "enqueue", enqueue)
    with commit():
        services.send("trial", TO, {})
    [message] = enqueued

    services.deliver(message)
    services.deliver(message)
    assert len(mail.outbox) == 1

    # The cache has evicted the key: the Message-ID identifies the duplicate.
    cache.clear()
    services.deliver(message)
    first, second = (copy.message()["Message-ID"] for copy in mail.outbox)
    assert first == second
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2]
    # Headers drop spaces.
    assert first.endswith(f"@{domain.replace(' ', '')}>")


@pytest.mark.parametrize(
    ("reported", "to"),
    [
        ("Ann@Example.com", "ANN@example.com"),
        ("ann@xn--bcher-kva.example", "ann@bücher.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_a_suppressed_address_gets_no_mail(
    commit: Commit, caplog: pytest.LogCaptureFixture, reported: str, to: str
) -> None:
    Suppression.objects.create(address=reported, reason="bounced")

    with commit():
        services.send("trial", to, {})
        services.send("trial", "bo@example.com", {})

    assert [message.to for message in mail.outbox] == [["bo@example.com"]]
    assert "suppressed" in caplog.text
    assert "ann@" not in caplog.text.lower()


class Response:
    """The part of an HTTP response that Anymail's errors use."""

    reason = "Refused"

    def __init__(self, status: int) -> None:
        self.status_code = status


def http_error(status: int) -> AnymailAPIError:
    return AnymailAPIError(TO, status_code=status, response=Response(status))


def ses_error(code: str) -> AnymailAPIError:
    return AnymailAPIError(TO, response={"Error": {"Code": code, "Message": TO}})


TRANSIENT_ERRORS = [
    ConnectionRefusedError(TO),
    TimeoutError(TO),
    smtplib.SMTPServerDisconnected(TO),
    smtplib.SMTPRecipientsRefused({TO: (450, TO.encode())}),
    smtplib.SMTPDataError(451, TO),
    # Errors of the account.
    smtplib.SMTPAuthenticationError(535, TO),
    smtplib.SMTPSenderRefused(550, b"", TO),
    http_error(401),
    http_error(429),
    http_error(503),
    ses_error("TooManyRequestsException"),
    ses_error("SendingPausedException"),
]
PERMANENT_ERRORS = [
    smtplib.SMTPRecipientsRefused({TO: (550, TO.encode())}),
    smtplib.SMTPDataError(554, TO),
    AnymailRecipientsRefused(TO),
    http_error(400),
    http_error(422),
    ses_error("MessageRejected"),
]


@pytest.mark.parametrize("error", TRANSIENT_ERRORS, ids=errors.describe)
def test_transient_failure_is_raised_for_a_retry(
    error: Exception, broken: type[Broken]
) -> None:
    broken.error = error

    with pytest.raises(services.TransientDeliveryError) as raised:
        services.deliver(message())

    assert str(raised.value) == errors.describe(error)
    # Logs show an exception and its context.
    assert raised.value.__suppress_context__
    assert TO not in str(raised.value)


@pytest.mark.parametrize("error", PERMANENT_ERRORS, ids=errors.describe)
def test_permanent_failure_is_logged_and_not_retried(
    error: Exception, broken: type[Broken], caplog: pytest.LogCaptureFixture
) -> None:
    broken.error = error
    caplog.set_level(logging.INFO)

    services.deliver(message())

    assert f"A mail was rejected: {errors.describe(error)}" in caplog.text
    assert TO not in caplog.text


def test_unreachable_server_fails_no_request_and_logs_no_address(
    broken: type[Broken], commit: Commit, caplog: pytest.LogCaptureFixture
) -> None:
    broken.error = ConnectionRefusedError(TO)

    with commit():
        services.send("trial", TO, {})

    assert "A mail is lost" in caplog.text
    assert "TransientDeliveryError: ConnectionRefusedError" in caplog.text
    assert TO not in caplog.text
