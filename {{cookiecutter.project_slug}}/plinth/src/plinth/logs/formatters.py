"""The log's lines: each with the id of its request, and none with what opens an account."""

import logging
import re
from contextvars import ContextVar

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

# The request, or the task it caused, that this thread or coroutine works for.
request_id: ContextVar[str] = ContextVar("request_id", default="-")

# A token of Django's, as it stands in the link that resets a password.
TOKEN = re.compile(r"\b[0-9a-z]{6,7}-[0-9a-f]{32}\b")


def mask(text: str) -> str:
    return TOKEN.sub("***", text)


class RequestIdFilter(logging.Filter):
    """Give each record the id of the request that it belongs to, or `-`."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class ReadableFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class JsonFormatter(BaseJsonFormatter):
    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "request_id", "name", "message"],
            rename_fields={"asctime": "time", "levelname": "level"},
            # Django adds the request to some records: its text holds the query. Celery
            # adds the data of a task: its arguments may be anybody's address.
            reserved_attrs=[*RESERVED_ATTRS, "request", "data"],
        )

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
