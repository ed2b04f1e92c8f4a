"""Bounces and spam complaints that email providers report, as Anymail normalizes them."""

from collections.abc import Iterable

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView

from .models import Suppression

PROVIDERS: dict[str, type[AnymailBaseWebhookView]] = {
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "sendgrid": SendGridTrackingWebhookView,
    "ses": AmazonSESTrackingWebhookView,
}

# Transient bounces, such as a full mailbox or a greylist, which Anymail does not
# distinguish. Postmark, Brevo, SendGrid and Amazon SES each have a field for it.
TRANSIENT_BOUNCES = {
    "SoftBounce",
    "soft_bounce",
    "blocked",
    "Transient",
    "Undetermined",
}


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
