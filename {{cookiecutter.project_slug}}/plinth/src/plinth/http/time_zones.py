"""The time zone of a request: that of its user, or else the site's TIME_ZONE."""

from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin


def time_zone_of(user: Any) -> tzinfo:
    """Return the zone that a user has chosen; the site's for all others, and for None."""
    if name := getattr(user, "time_zone", ""):
        try:
            return ZoneInfo(name)
        except (KeyError, OSError, ValueError):  # of a server without this zone
            pass
    return timezone.get_default_timezone()


class LazyTimeZone(tzinfo):
    """The zone of a request's user, looked up when a time is converted to it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def zone(self) -> tzinfo:
        return time_zone_of(getattr(self.request, "user", None))

    def fromutc(self, dt: datetime) -> datetime:
        # The result has the zone itself, which can be pickled.
        return self.zone.fromutc(dt.replace(tzinfo=self.zone))

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return self.zone.utcoffset(dt)

    def dst(self, dt: datetime | None) -> timedelta | None:
        return self.zone.dst(dt)

    def tzname(self, dt: datetime | None) -> str | None:
        return self.zone.tzname(dt)

    def __str__(self) -> str:
        return str(self.zone)

    def __reduce__(self) -> Any:
        return self.zone.__reduce__()


class TimeZoneMiddleware(MiddlewareMixin):
    """Activate the time zone of the user.

    A page without a time reads neither session nor user for it. Without a session cookie
    the zone is the site's, so that anonymous pages are the same for everybody.
    """

    def process_request(self, request: HttpRequest) -> None:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            timezone.activate(LazyTimeZone(request))

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            timezone.deactivate()
        return response
