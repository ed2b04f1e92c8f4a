"""The one way to send mail: text and HTML from templates, once the transaction commits."""

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

from plinth.tasks.queue import enqueue

from .models import Suppression

logger = logging.getLogger(__name__)

# Seconds for which a task that is handed out a second time is known for done.
REMEMBERED = 24 * 60 * 60


class UnavailableError(Exception):
    """Nobody took a message, and somebody may later. Its text holds no address."""


@dataclass(frozen=True)
class Message:
    """A mail for one person, as it travels to the worker: plain texts."""

    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]


def send(
    template: str, to: str, context: dict[str, Any], *, unsubscribe: str = ""
) -> None:
    """Send what a folder of templates says to one address, once this transaction commits.

    The folder holds subject.txt, body.txt and body.html. Several people get a message
    each, or they would read each other's addresses. `unsubscribe` is for mail that one
    can do without: an address of ours that takes a POST from the reader's mail program
    (RFC 8058). Raise ValueError for what is no single address.
    """
    try:
        validate_email(to)
    except ValidationError:
        raise ValueError("Mail goes to one address at a time.") from None
    if not re.fullmatch(r"(https?://[!-~]+)?", unsubscribe):
        raise ValueError("People unsubscribe at an absolute URL.")
    context = {"SITE_NAME": settings.SITE_NAME, "unsubscribe": unsubscribe} | context
    subject = render(f"{template}/subject.txt", context, autoescape=False)
    message = Message(
        to=to,
        # A line break would start another header.
        subject=" ".join(subject.split()),
        text=render(f"{template}/body.txt", context, autoescape=False).strip() + "\n",
        html=render(f"{template}/body.html", context, autoescape=True),
        headers=make_headers(unsubscribe),
    )
    transaction.on_commit(partial(enqueue_or_deliver, message))


def render(name: str, context: dict[str, Any], *, autoescape: bool) -> str:
    template = Engine.get_default().get_template(name)
    return template.render(Context(context, autoescape=autoescape))


def make_headers(unsubscribe: str) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {
        # Made once, so that a message which is sent twice is seen to be one.
        "Message-ID": make_msgid(domain=domain),
        # Nobody's holiday reply comes back.
        "Auto-Submitted": "auto-generated",
    }
    if unsubscribe:
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def enqueue_or_deliver(message: Message) -> None:
    """Enqueue a message, or send it in this process where there is no worker."""
    if enqueue("plinth.mail.tasks.deliver", **vars(message)):
        return
    try:
        deliver(message)
    except UnavailableError:
        logger.exception("A mail is lost")


def deliver(message: Message) -> None:
    """Send a message now, unless its address gets no mail; UnavailableError: try later.

    At least once: a worker that dies between the provider's yes and its own note leads to
    a second copy, with the same Message-ID. The note is in the cache, for a day.
    """
    note = f"mail:{message.headers['Message-ID']}"
    if cache.get(note):
        return
    if Suppression.objects.filter(address=message.to).exists():
        logger.warning("A mail was not sent: its address is suppressed")
        return
    mail = EmailMultiAlternatives(
        message.subject, message.text, to=[message.to], headers=message.headers
    )
    mail.attach_alternative(message.html, "text/html")
    # It loads what talks to providers, which a web server without mail never needs.
    from . import errors

    try:
        mail.send()
    except errors.KINDS as error:
        # The error's own text names the address, and logs keep it.
        if not errors.is_permanent(error):
            raise UnavailableError(errors.describe(error)) from None
        logger.warning("A mail was refused: %s", errors.describe(error))
    cache.set(note, True, REMEMBERED)
