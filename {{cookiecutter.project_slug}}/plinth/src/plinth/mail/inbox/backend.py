"""Email backend for development: stores messages as files, for the pages of the inbox."""

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

MAX_MESSAGES = 200


class EmailBackend(BaseEmailBackend):
    """Writes each message to an .eml file of a folder, and deletes all but the newest 200."""

    def __init__(self, *, folder: Path, **options: Any) -> None:
        super().__init__(**options)
        self.folder = folder

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            # Names sort by time.
            name = f"{time.time_ns():020}-{secrets.token_hex(4)}.eml"
            content = message.message(policy=email.policy.SMTP).as_bytes()
            # Atomic: the page never reads a partial file.
            part = self.folder / f"{name}.part"
            part.write_bytes(content)
            part.rename(self.folder / name)
            logger.info("A mail is in the inbox: /inbox/")
        for path in self.paths()[MAX_MESSAGES:]:
            path.unlink(missing_ok=True)
        return len(email_messages)

    def paths(self) -> list[Path]:
        """Return the messages' files, newest first."""
        return sorted(self.folder.glob("*.eml"), reverse=True)

    def read(self, name: str) -> ReceivedMessage:
        """Return a message by the stem of its file; raise FileNotFoundError."""
        content = (self.folder / f"{name}.eml").read_bytes()
        return email.message_from_bytes(content, policy=email.policy.default)
