"""A mail server for one developer: a folder of messages, each as it would be sent."""

import email
import email.policy
import logging
import secrets
import time
from collections.abc import Sequence
from email.message import EmailMessage as ReceivedMessage
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)

KEPT = 200


class EmailBackend(BaseEmailBackend):
    """Write each message to a file of the folder, and keep the newest 200."""

    def __init__(self, *, folder: Path, **options: Any) -> None:
        super().__init__(**options)
        self.folder = folder

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            # The names are in the order of time.
            name = f"{time.time_ns():020}-{secrets.token_hex(4)}.eml"
            content = message.message(policy=email.policy.SMTP).as_bytes()
            # Whole, or not at all: the page may look meanwhile.
            part = self.folder / f"{name}.part"
            part.write_bytes(content)
            part.rename(self.folder / name)
            logger.info("A mail is in the inbox: /inbox/")
        for path in self.paths()[KEPT:]:
            path.unlink(missing_ok=True)
        return len(email_messages)

    def paths(self) -> list[Path]:
        """Return the files of the messages, the newest first."""
        return sorted(self.folder.glob("*.eml"), reverse=True)

    def read(self, name: str) -> ReceivedMessage:
        """Return a message; FileNotFoundError if there is none of this name."""
        content = (self.folder / f"{name}.eml").read_bytes()
        return email.message_from_bytes(content, policy=email.policy.default)
