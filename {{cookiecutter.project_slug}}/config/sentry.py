"""Errors and traces go to Sentry, or to anything that speaks its protocol."""

import sentry_sdk
from sentry_sdk.types import Event, Hint

from apps.core.logging import request_id


def start(
    dsn: str, *, environment: str, release: str, traces_sample_rate: float
) -> None:
    """Report errors from now on, without what tells who a person is."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release or None,
        traces_sample_rate=traces_sample_rate,
        send_default_pii=False,
        before_send=add_request_id,
    )


def add_request_id(event: Event, hint: Hint) -> Event:
    """Tag an error with the id that the log and the response carry."""
    event.setdefault("tags", {})["request_id"] = request_id.get()
    return event
