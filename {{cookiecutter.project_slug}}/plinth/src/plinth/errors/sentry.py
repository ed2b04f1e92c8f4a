"""Sentry, or a service with its protocol: errors and traces without personal data."""

from typing import TYPE_CHECKING, Any

from plinth.env import require_extra
from plinth.logs.formatters import mask, request_id

if TYPE_CHECKING:
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint


def start(
    dsn: str, *, environment: str, release: str, traces_sample_rate: float
) -> None:
    """Report errors and traces; call it from the settings."""
    require_extra("SENTRY_DSN", "sentry")
    # Imported on use: the SDK takes as long to import as Django.
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release or None,
        traces_sample_rate=traces_sample_rate,
        # No user, cookie or IP address. Form input is in request bodies, and in local
        # variables of the functions that read it.
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=clean_event,
        before_breadcrumb=mask_breadcrumb,
        before_send_transaction=clean_event,
    )


def clean_event(event: "Event", hint: "Hint") -> "Event":
    """Add the request id as a tag; remove query strings, and tokens in URLs."""
    event.setdefault("tags", {})["request_id"] = request_id.get()
    request: dict[str, Any] = event.get("request", {})
    request.pop("query_string", None)
    request.get("headers", {}).pop("Referer", None)
    if "url" in request:
        request["url"] = mask(request["url"])
    return event


def mask_breadcrumb(crumb: "Breadcrumb", hint: "BreadcrumbHint") -> "Breadcrumb":
    """Mask tokens in the log lines that accompany an error."""
    if "message" in crumb:
        crumb["message"] = mask(crumb["message"])
    return crumb
