"""Webhooks of email providers, with payloads from their documentation."""

import hashlib
import hmac
import json
import time
from base64 import b64encode
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from plinth import email_url
from plinth.mail import webhooks
from plinth.mail.models import Suppression
from plinth.mail.views import PROVIDERS, carries
from plinth.mail.webhooks import SIGNATURE_AGE
from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.django_db

CREDENTIALS = "mail:a-secret-of-the-tests"


@pytest.fixture(autouse=True)
def providers(settings: Settings) -> None:
    settings.MAIL_WEBHOOK_PROVIDERS = [*PROVIDERS]


def post(
    provider: str, body: Any, credentials: str = CREDENTIALS, **headers: str
) -> tuple[int, list[tuple[str, str]]]:
    """Return the status and the suppression list."""
    # Without a CSRF token, as from a provider.
    client = Client(enforce_csrf_checks=True)
    if credentials:
        headers["authorization"] = f"Basic {b64encode(credentials.encode()).decode()}"
    response = client.post(
        reverse("mail:events", args=[provider]),
        body if isinstance(body, bytes) else json.dumps(body),
        content_type="application/json",
        headers=headers,
    )
    rows = Suppression.objects.values_list("address", "reason")
    return response.status_code, list(rows)


def postmark(kind: str, email: str = "Ann@example.com") -> dict[str, object]:
    record = "SpamComplaint" if kind == "SpamComplaint" else "Bounce"
    return {"RecordType": record, "Type": kind, "ID": 1, "Email": email}


def mailgun(
    event: str, severity: str = "", key: str = "a-key-of-the-tests", age: int = 0
) -> object:
    timestamp = str(int(time.time()) - age)
    signed = hmac.new(
        key.encode(), f"{timestamp}token".encode(), hashlib.sha256
    ).hexdigest()
    return {
        "signature": {
            "timestamp": timestamp,
            "token": "token",
            "signature": signed,
        },
        "event-data": {
            "event": event,
            "severity": severity,
            "timestamp": 1700000000.0,
            "recipient": "ann@example.com",
            "reason": "bounce",
        },
    }


def amazon(kind: str) -> dict[str, str]:
    message = {
        "notificationType": "Bounce",
        "mail": {"messageId": "1", "destination": ["ann@example.com"]},
        "bounce": {
            "bounceType": kind,
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": "ann@example.com"}],
        },
    }
    return {
        "Type": "Notification",
        "MessageId": "1",
        "Timestamp": "2026-11-22T12:00:00Z",
        "Message": json.dumps(message),
    }


BOUNCED = [("ann@example.com", "bounced")]
COMPLAINED = [("ann@example.com", "complained")]


@pytest.mark.parametrize(
    ("provider", "event", "suppressed"),
    [
        ("postmark", postmark("HardBounce"), BOUNCED),
        ("postmark", postmark("BadEmailAddress"), BOUNCED),
        ("postmark", postmark("SpamComplaint"), COMPLAINED),
        ("postmark", postmark("SoftBounce"), []),
        ("postmark", postmark("Transient"), []),
        ("mailgun", mailgun("failed", "permanent"), BOUNCED),
        ("mailgun", mailgun("complained"), COMPLAINED),
        ("mailgun", mailgun("failed", "temporary"), []),
        ("mailgun", mailgun("delivered"), []),
        ("brevo", {"event": "hard_bounce", "email": "ann@example.com"}, BOUNCED),
        ("brevo", {"event": "spam", "email": "ann@example.com"}, COMPLAINED),
        ("brevo", {"event": "soft_bounce", "email": "ann@example.com"}, []),
        ("brevo", {"event": "hard_bounce", "email": None}, []),
    ],
)
def test_permanent_bounce_and_complaint_suppress_the_address(
    provider: str, event: object, suppressed: list[tuple[str, str]]
) -> None:
    assert post(provider, event) == (HTTPStatus.OK, suppressed)
    # Providers retry a webhook that timed out.
    assert post(provider, event) == (HTTPStatus.OK, suppressed)


@pytest.mark.parametrize(("kind", "suppressed"), [("Permanent", 1), ("Transient", 0)])
def test_sns_notification_suppresses_the_address(kind: str, suppressed: int) -> None:
    pytest.importorskip("boto3", reason="an extra: s3")
    headers = {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": "1",
    }

    assert post("ses", amazon(kind), **headers) == (
        HTTPStatus.OK,
        BOUNCED[:suppressed],
    )


# Anymail has no account to test SendGrid with.
@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")
def test_sendgrid_events_are_batched() -> None:
    events = [
        {"event": "bounce", "type": "bounce", "email": "ann@example.com"},
        {"event": "bounce", "type": "blocked", "email": "bo@example.com"},
        {"event": "delivered", "email": "cy@example.com"},
    ]

    assert post("sendgrid", events) == (HTTPStatus.OK, BOUNCED)


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        ("", HTTPStatus.UNAUTHORIZED),
        ("mail:wrong", HTTPStatus.FORBIDDEN),
        (":", HTTPStatus.FORBIDDEN),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}:x", HTTPStatus.FORBIDDEN),
    ],
)
@pytest.mark.parametrize("provider", ["postmark", "ses"])
def test_wrong_credentials_are_rejected(
    provider: str, credentials: str, status: int
) -> None:
    assert post(provider, postmark("HardBounce"), credentials) == (status, [])


def test_wrong_signature_is_rejected() -> None:
    event = mailgun("failed", "permanent", key="another")

    assert post("mailgun", event) == (HTTPStatus.BAD_REQUEST, [])


@pytest.mark.parametrize("age", [SIGNATURE_AGE + 60, -SIGNATURE_AGE - 60])
def test_signature_of_another_day_is_rejected(age: int) -> None:
    event = mailgun("failed", "permanent", age=age)

    assert post("mailgun", event) == (HTTPStatus.BAD_REQUEST, [])


def test_mailgun_is_not_found_without_its_key(settings: Settings) -> None:
    settings.ANYMAIL = settings.ANYMAIL | {"MAILGUN_WEBHOOK_SIGNING_KEY": ""}
    event = mailgun("failed", "permanent", key="")

    assert post("mailgun", event) == (HTTPStatus.NOT_FOUND, [])


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "body",
    [
        *(b"{", b"\xff", b"", b"[]", b"[1]", b"1", b'{"a": 1}'),
        *(b"[" * 100_000, b"9" * 5_000),
        b'[{"event": "bounce", "timestamp": 1e999}]',
    ],
    ids=lambda body: body[:9],
)
def test_malformed_body_changes_nothing(provider: str, body: bytes) -> None:
    if provider == "ses":
        pytest.importorskip("boto3", reason="an extra: s3")
    status, suppressed = post(provider, body)

    assert status in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}
    assert suppressed == []


@pytest.mark.parametrize(
    ("url", "carrying"),
    [
        ("brevo://key", {"brevo"}),
        ("mailgun://key@mg.example.com", {"mailgun"}),
        ("postmark://token", {"postmark"}),
        ("sendgrid://key", {"sendgrid"}),
        ("smtp+tls://a:b@email-smtp.eu-west-1.amazonaws.com:587", {"ses"}),
        ("smtp://127.0.0.1", set()),
    ],
)
def test_provider_that_carries_no_mail_is_not_found(
    settings: Settings, url: str, carrying: set[str]
) -> None:
    settings.MAIL_WEBHOOK_PROVIDERS = []
    settings.MAILERS = {"default": email_url.mailer(url)}

    assert {provider for provider in PROVIDERS if carries(provider)} == carrying
    found = post("postmark", {})[0] != HTTPStatus.NOT_FOUND
    assert found is ("postmark" in carrying)


def test_unknown_provider_is_not_found() -> None:
    assert post("pigeon", {}) == (HTTPStatus.NOT_FOUND, [])


def test_webhooks_are_not_found_without_a_secret(settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": ""}

    for credentials in ("", ":", CREDENTIALS):
        status, suppressed = post("postmark", postmark("HardBounce"), credentials)
        assert (status, suppressed) == (HTTPStatus.NOT_FOUND, [])


def test_environment_variable_sets_the_secret() -> None:
    code = """
import base64
import config.wsgi
from django.test import Client
client = Client(headers={"host": "example.com"}, enforce_csrf_checks=True)
for secret in (b"mail:0123456789abcdef", b"mail:other"):
    sent = {"authorization": "Basic " + base64.b64encode(secret).decode()}
    print(client.head("/mail/events/brevo/", secure=True, headers=sent).status_code)
"""
    variables = {
        "MAIL_WEBHOOK_SECRET": "mail:0123456789abcdef",
        "EMAIL_URL": "brevo://key",
    }
    done = run_code(code, **EMBEDDED | variables)

    assert done.stdout.split() == ["200", "403"]


def test_head_request_is_answered(client: Client) -> None:
    path = reverse("mail:events", args=["brevo"])

    assert client.head(path).status_code == HTTPStatus.OK
    assert client.get(path, headers={"authorization": "x"}).status_code == (
        HTTPStatus.METHOD_NOT_ALLOWED
    )


def test_admin_searches_and_deletes_suppressions(
    admin_client: Client,
) -> None:
    row = Suppression.objects.create(address="ann@example.com", reason="bounced")
    listing = reverse("admin:mail_suppression_changelist")

    assert "ann@example.com" in admin_client.get(f"{listing}?q=ann").text
    admin_client.post(
        reverse("admin:mail_suppression_delete", args=[row.pk]), {"post": "yes"}
    )
    assert not Suppression.objects.exists()


def test_variable_may_name_each_provider() -> None:
    assert {*email_url.WEBHOOKS} == {*PROVIDERS} == {*webhooks.PROVIDERS}
