"""Sending mail: text and HTML from templates, on commit, through a worker if there is one."""

import logging
import re
from dataclasses import dataclass
from email.utils import make_msgid, parseaddr
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction
from django.template import Context, Engine
from django.utils import timezone

from plinth.http.time_zones import time_zone_of
from plinth.tasks.queue import enqueue

from .models import Suppression

logger = logging.getLogger(__name__)

# Seconds that the deduplication key of a delivered message lives.
DEDUPLICATION_TIMEOUT = 24 * 60 * 60


class TransientDeliveryError(Exception):
    """A message was not accepted, and a retry may succeed. The text holds no address."""


@dataclass(frozen=True)
class Message:
    """A rendered mail to one address, serializable for the broker."""

    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]


def send(
    template: str, to: str, context: dict[str, Any], *, unsubscribe: str = ""
) -> None:
    """Render a folder of templates and send it to one address when the transaction commits.

    The folder holds subject.txt, body.txt and body.html. `to` is a single address, so
    that recipients don't see each other. `unsubscribe` is for mail that is optional: an
    absolute URL of this site that takes one-click POSTs from mail clients (RFC 8058).
    Times are in the zone of the context's `user`, the recipient, or else in the site's.
    Raises ValueError for any other address or URL.
    """
    try:
        validate_email(to)
    except ValidationError:
        raise ValueError("Mail is sent to one address at a time.") from None
    if not re.fullmatch(r"(https?://[!-~]+)?", unsubscribe):
        raise ValueError("The unsubscribe URL must be absolute.")
    context = {"SITE_NAME": settings.SITE_NAME, "unsubscribe": unsubscribe} | context
    subject = render(f"{template}/subject.txt", context, autoescape=False)
    message = Message(
        to=to,
        # A line break would inject a header.
        subject=" ".join(subject.split()),
        text=render(f"{template}/body.txt", context, autoescape=False).strip() + "\n",
        html=render(f"{template}/body.html", context, autoescape=True),
        headers=make_headers(unsubscribe),
    )
    transaction.on_commit(partial(enqueue_or_deliver, message))


def render(name: str, context: dict[str, Any], *, autoescape: bool) -> str:
    template = Engine.get_default().get_template(name)
    with timezone.override(time_zone_of(context.get("user"))):
        return template.render(Context(context, autoescape=autoescape))


def make_headers(unsubscribe: str) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {
        # The same in every retry, so that mail clients recognise a duplicate.
        "Message-ID": make_msgid(domain=domain),
        # Suppresses automatic replies.
        "Auto-Submitted": "auto-generated",
    }
    if unsubscribe:
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def enqueue_or_deliver(message: Message) -> None:
    """Enqueue a message, or deliver it in this process if no broker accepts it."""
    if enqueue("plinth.mail.tasks.deliver", **vars(message)):
        return
    try:
        deliver(message)
    except TransientDeliveryError:
        logger.exception("A mail is lost")


def deliver(message: Message) -> None:
    """Deliver a message unless its address is suppressed.

    Delivery is at-least-once: a 24-hour deduplication key in the cache suppresses most
    duplicates, and the others have the same Message-ID. A permanent failure is logged;
    a transient one raises TransientDeliveryError, to be retried.
    """
    key = f"mail:{message.headers['Message-ID']}"
    if cache.get(key):
        return
    if Suppression.objects.filter(address=message.to).exists():
        logger.warning("A mail was not sent: its address is suppressed")
        return
    mail = EmailMultiAlternatives(
        message.subject, message.text, to=[message.to], headers=message.headers
    )
    mail.attach_alternative(message.html, "text/html")
    # Loads the clients of email providers, which a process that sends no mail never needs.
    from . import errors

    try:
        mail.send()
    except errors.DELIVERY_ERRORS as error:
        # The error's own text names the address, and must not reach the logs.
        if not errors.is_permanent(error):
            raise TransientDeliveryError(errors.describe(error)) from None
        logger.warning("A mail was rejected: %s", errors.describe(error))
    cache.set(key, True, DEDUPLICATION_TIMEOUT)
