"""What providers report of mail that they took: Anymail reads it, whoever it is from."""

from collections.abc import Iterable

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView

from .models import Suppression

READERS: dict[str, type[AnymailBaseWebhookView]] = {
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "sendgrid": SendGridTrackingWebhookView,
    "ses": AmazonSESTrackingWebhookView,
}

# A full mailbox, a greylist: Anymail calls these bounces too. Postmark, Brevo, SendGrid
# and Amazon each say it in a field of their own.
SOFT = {"SoftBounce", "soft_bounce", "blocked", "Transient", "Undetermined"}


def suppress(events: Iterable[AnymailTrackingEvent], provider: str) -> None:
    """Send no more mail to the addresses of events that tell of no mailbox, or of spam."""
    Suppression.objects.bulk_create(
        [
            Suppression(address=event.recipient, reason=reason, provider=provider)
            for event in events
            if event.recipient and (reason := find_reason(event))
        ],
        batch_size=1_000,
        # The first reason stays, and a report that comes twice changes nothing.
        ignore_conflicts=True,
    )


def find_reason(event: AnymailTrackingEvent) -> Suppression.Reason | None:
    """Return why an event's address gets no more mail; None if it still does."""
    match event.event_type, event.reject_reason:
        case (EventType.COMPLAINED, _) | (EventType.REJECTED, RejectReason.SPAM):
            return Suppression.Reason.COMPLAINED
        case EventType.BOUNCED, _ if not is_soft(event):
            return Suppression.Reason.BOUNCED
        case EventType.REJECTED, RejectReason.BOUNCED | RejectReason.INVALID:
            return Suppression.Reason.BOUNCED
    return None


def is_soft(event: AnymailTrackingEvent) -> bool:
    report = event.esp_event
    bounce = report.get("bounce")
    kind = bounce.get("bounceType") if isinstance(bounce, dict) else None
    return bool(
        SOFT & {report.get("Type"), report.get("event"), report.get("type"), kind}
    )
