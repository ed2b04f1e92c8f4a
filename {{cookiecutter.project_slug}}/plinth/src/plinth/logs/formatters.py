"""Log formatters: each line has the id of its request, and no secret or personal data."""

import json
import logging
import secrets
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

from .masking import mask, masked

# The id of the request, or of the task that it enqueued.
request_id: ContextVar[str] = ContextVar("request_id", default="-")

# Django's loggers of suspicious requests, one for each kind.
SECURITY = "django.security."

# Characters of a long traceback: where it starts, and the error itself.
HEAD, TAIL = 2_000, 5_000


def new_request_id() -> str:
    return secrets.token_hex(16)


def bounded(text: str) -> str:
    """Return the start and the end of a long text.

    Docker splits a line at 16 KB, and a line break or a quote in JSON takes two bytes.
    """
    cut = len(text) - HEAD - TAIL
    return (
        text if cut <= 0 else f"{text[:HEAD]}\n... {cut} characters ...\n{text[-TAIL:]}"
    )


@lru_cache(maxsize=1)
def clock(timestamp: int) -> tuple[str, str]:
    """Return a second in ISO format, and its zone. Lines of one second share it."""
    text = datetime.fromtimestamp(timestamp).astimezone().isoformat()
    return text[:19], text[19:]


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to each record; `-` outside of a request.

    A request that Django rejects as suspicious, such as one with a foreign Host, becomes a
    warning without a traceback, also for Sentry: any client can cause it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        if record.name.startswith(SECURITY):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


class BoundedFormatter(logging.Formatter):
    """ISO timestamps with the zone, as nginx writes, and tracebacks of bounded length."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        second, zone = clock(int(record.created))
        return f"{second}.{int(record.msecs):03}{zone}"

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        return bounded(super().formatException(ei))


class ReadableFormatter(BoundedFormatter):
    """Lines for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class JsonFormatter(BoundedFormatter, BaseJsonFormatter):
    """One JSON object per line, for a log collector."""

    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "request_id", "name", "message"],
            rename_fields={"asctime": "time", "levelname": "level"},
            # Personal data: Django adds the request to some records, with its query
            # string, and Celery the data of a task, with its arguments.
            reserved_attrs=[*RESERVED_ATTRS, "request", "data"],
        )

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        # Masked text by text, so that the line remains JSON; most lines have nothing to mask.
        return line if mask(line) == line else json.dumps(masked(json.loads(line)))
