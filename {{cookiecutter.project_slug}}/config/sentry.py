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
        # No user, cookie or address; nor what somebody typed into a form, which is
        # in the body of a request and in the variables of the functions that read it.
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=finish,
        before_send_transaction=finish,
    )


def finish(event: Event, hint: Hint) -> Event:
    """Tag an event with the id that the log and the response carry.

    The query string goes, as it does in the log: it may hold what a person typed.
    """
    event.setdefault("tags", {})["request_id"] = request_id.get()
    event.get("request", {}).pop("query_string", None)
    return event
