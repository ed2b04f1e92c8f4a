from contextvars import ContextVar
from logging import Filter, LogRecord

# The request, or the task it caused, that this thread or coroutine works for.
request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdFilter(Filter):
    """Give each record the id of the request that it belongs to, or `-`."""

    def filter(self, record: LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
