"""Errors and traces go to Sentry, or to anything that speaks its protocol."""

from typing import Any

import sentry_sdk
from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint

from plinth.logs.formatters import mask, request_id


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
        before_breadcrumb=mask_breadcrumb,
        before_send_transaction=finish,
    )


def finish(event: Event, hint: Hint) -> Event:
    """Tag an event with the id that the log and the response carry.

    What the log leaves out goes: query strings, and tokens in addresses.
    """
    event.setdefault("tags", {})["request_id"] = request_id.get()
    request: dict[str, Any] = event.get("request", {})
    request.pop("query_string", None)
    request.get("headers", {}).pop("Referer", None)
    if "url" in request:
        request["url"] = mask(request["url"])
    return event


def mask_breadcrumb(crumb: Breadcrumb, hint: BreadcrumbHint) -> Breadcrumb:
    """Keep tokens out of the log's lines that go along with an error."""
    if "message" in crumb:
        crumb["message"] = mask(crumb["message"])
    return crumb
