"""Webhooks of email providers, with payloads from their documentation."""

import hashlib
import hmac
import json
from base64 import b64encode
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from plinth.mail.models import Suppression
from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.django_db

CREDENTIALS = "mail:a-secret-of-the-tests"


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
        json.dumps(body),
        content_type="application/json",
        headers=headers,
    )
    rows = Suppression.objects.values_list("address", "reason")
    return response.status_code, list(rows)


def postmark(kind: str, email: str = "Ann@example.com") -> dict[str, object]:
    record = "SpamComplaint" if kind == "SpamComplaint" else "Bounce"
    return {"RecordType": record, "Type": kind, "ID": 1, "Email": email}


def mailgun(event: str, severity: str = "", key: str = "a-key-of-the-tests") -> object:
    signed = hmac.new(key.encode(), b"1700000000token", hashlib.sha256).hexdigest()
    return {
        "signature": {
            "timestamp": "1700000000",
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
@pytest.mark.parametrize("provider", ["postmark", "ses", "unknown"])
def test_wrong_credentials_are_rejected(
    provider: str, credentials: str, status: int
) -> None:
    assert post(provider, postmark("HardBounce"), credentials) == (status, [])


def test_wrong_signature_is_rejected() -> None:
    event = mailgun("failed", "permanent", key="another")

    assert post("mailgun", event) == (HTTPStatus.BAD_REQUEST, [])


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
    done = run_code(code, **EMBEDDED | {"MAIL_WEBHOOK_SECRET": "mail:0123456789abcdef"})

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
