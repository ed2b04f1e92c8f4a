"""Sentry, or a service with its protocol: errors and traces without personal data."""

import sys
from typing import TYPE_CHECKING, Any

from django.core.signals import got_request_exception, request_started

from plinth import extras
from plinth.env import require_extra
from plinth.logs.formatters import request_id
from plinth.logs.masking import mask

if TYPE_CHECKING:
    from django.http import HttpRequest
    from sentry_sdk.integrations import Integration
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint


def start(
    dsn: str,
    *,
    environment: str,
    release: str,
    traces_sample_rate: float = 0,
    profiles_sample_rate: float = 0,
) -> None:
    """Report errors, and this fraction of traces and profiles; call it from the settings.

    Without traces a request costs next to nothing: the SDK's own Django integration wraps
    every middleware, and takes half the time of a cached page. Errors are the same.
    """
    require_extra("SENTRY_DSN", "sentry")
    # Imported on use: the SDK takes as long to import as Django.
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release or None,
        # None: at 0.0 the SDK starts a transaction for each request, and drops it.
        traces_sample_rate=traces_sample_rate or None,
        profile_session_sample_rate=profiles_sample_rate or None,
        profile_lifecycle="trace",
        # Every other library would be patched as well.
        auto_enabling_integrations=False,
        integrations=integrations(traced=traces_sample_rate > 0),
        # No user, cookie or IP address. Form input is in request bodies, and in local
        # variables of the functions that read it.
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=clean_event,
        before_breadcrumb=mask_breadcrumb,
        before_send_transaction=clean_event,
    )


def integrations(*, traced: bool) -> "list[Integration]":
    """Return the integrations of Django and Celery."""
    chosen: list[Integration] = []
    if extras.is_installed("celery"):
        from sentry_sdk.integrations.celery import CeleryIntegration

        # Sentry's Crons page shows each task of the schedule, and one that is late.
        chosen.append(CeleryIntegration(monitor_beat_tasks=True))
    if traced:
        from sentry_sdk.integrations.django import DjangoIntegration

        chosen.append(DjangoIntegration())
    else:
        report_exceptions()
    return chosen


def report_exceptions() -> None:
    """Report the exceptions of views by Django's signals."""
    from sentry_sdk.integrations.logging import (
        ignore_logger,
        ignore_logger_for_sentry_logs,
    )

    # Django logs each reported exception as well; the access log comes after it.
    for name in ("django.request", "plinth.logs.middleware"):
        ignore_logger(name)
        # Or the SDK prepares each line for a product that is off.
        ignore_logger_for_sentry_logs(name)
    request_started.connect(isolate_scope, dispatch_uid="plinth.errors")
    got_request_exception.connect(report_exception, dispatch_uid="plinth.errors")


def isolate_scope(**kwargs: object) -> None:
    """Give a request breadcrumbs of its own: a thread serves one after the other."""
    from sentry_sdk.scope import Scope, ScopeType

    Scope.set_isolation_scope(Scope(ty=ScopeType.ISOLATION))


def report_exception(request: "HttpRequest | None" = None, **kwargs: object) -> None:
    """Report the exception that a view has raised, with the request's method and URL."""
    import sentry_sdk
    from sentry_sdk.utils import event_from_exception

    event, hint = event_from_exception(
        sys.exc_info(),
        client_options=sentry_sdk.get_client().options,
        mechanism={"type": "django", "handled": False},
    )
    if request:
        # Not get_host(), which raises for a host that is not allowed.
        host = request._get_raw_host()  # type: ignore[attr-defined]  # noqa: SLF001
        event["request"] = {
            "method": request.method or "",
            "url": f"{request.scheme}://{host}{request.path}",
        }
        if request.resolver_match:
            event["transaction"] = f"/{request.resolver_match.route}"
    sentry_sdk.capture_event(event, hint)


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
