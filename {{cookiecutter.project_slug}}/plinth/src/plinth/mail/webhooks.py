"""Bounces and spam complaints that email providers report, as Anymail normalizes them."""

import json
import time
from collections.abc import Iterable

from anymail.exceptions import AnymailError
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest

from .models import Suppression

# Transient bounces, such as a full mailbox or a greylist, which Anymail does not
# distinguish. Postmark, Brevo, SendGrid and Amazon SES each have a field for it.
TRANSIENT_BOUNCES = {
    "SoftBounce",
    "soft_bounce",
    "blocked",
    "Transient",
    "Undetermined",
}

# Seconds, of Mailgun's signature. It repeats a webhook for eight hours.
SIGNATURE_AGE = 12 * 60 * 60

# What the parsers raise for a body of another form.
MALFORMED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    AnymailError,
)


class MailgunView(MailgunTrackingWebhookView):  # type: ignore[misc]
    def validate_request(self, request: HttpRequest) -> None:
        """Refuse an old signature; an inherited validator compares it."""
        signed = float(json.loads(request.body)["signature"]["timestamp"])
        if abs(time.time() - signed) > SIGNATURE_AGE:
            raise BadRequest("The signature is too old.")


PROVIDERS: dict[str, type[AnymailBaseWebhookView]] = {
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunView,
    "postmark": PostmarkTrackingWebhookView,
    "sendgrid": SendGridTrackingWebhookView,
    "ses": AmazonSESTrackingWebhookView,
}


def read(request: HttpRequest, provider: str) -> list[AnymailTrackingEvent]:
    """Return the events in a webhook's request.

    Raises BadRequest or SuspiciousOperation, which Django answers with 400.
    """
    # Anymail would take an empty key for a key.
    if provider == "mailgun" and not settings.ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"]:
        raise Http404
    webhook = PROVIDERS[provider]()
    try:
        webhook.run_validators(request)
        return list(webhook.parse_events(request))
    except MALFORMED:
        # The error's own text may have an address.
        raise BadRequest(f"A webhook of {provider} is malformed.") from None


def suppress(events: Iterable[AnymailTrackingEvent], provider: str) -> None:
    """Add the addresses of permanent bounces and spam complaints to the suppression list."""
    Suppression.objects.bulk_create(
        [
            Suppression(address=event.recipient, reason=reason, provider=provider)
            for event in events
            if event.recipient and (reason := suppression_reason(event))
        ],
        batch_size=1_000,
        # Idempotent: the first reason stays, and a repeated report changes nothing.
        ignore_conflicts=True,
    )


def suppression_reason(event: AnymailTrackingEvent) -> Suppression.Reason | None:
    """Return why an event suppresses its address; None if it does not."""
    match event.event_type, event.reject_reason:
        case (EventType.COMPLAINED, _) | (EventType.REJECTED, RejectReason.SPAM):
            return Suppression.Reason.COMPLAINED
        case EventType.BOUNCED, _ if not is_transient(event):
            return Suppression.Reason.BOUNCED
        case EventType.REJECTED, RejectReason.BOUNCED | RejectReason.INVALID:
            return Suppression.Reason.BOUNCED
    return None


def is_transient(event: AnymailTrackingEvent) -> bool:
    """Whether a bounce is transient, by the provider's own field."""
    report = event.esp_event
    bounce = report.get("bounce")
    kind = bounce.get("bounceType") if isinstance(bounce, dict) else None
    fields = {report.get("Type"), report.get("event"), report.get("type"), kind}
    return bool(TRANSIENT_BOUNCES & fields)
