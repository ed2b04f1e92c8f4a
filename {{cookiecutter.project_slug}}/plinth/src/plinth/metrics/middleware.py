"""Rate, errors and duration of requests by view, with their queries."""

import time
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest

from plinth import metrics
from plinth.logs import queries

from . import database

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Its time, and the number and time of the queries before it.
type Start = tuple[float, int, float]
# Seconds between two updates of the pools' gauges.
POOL_SECONDS = 1


class MetricsMiddleware:
    """Count each request by the name of its view, its method and its class of status.

    A redirect to https and a 404 without a view count under the view "none". An exception
    of the error page itself, which reaches the server, counts as a 5xx.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if not metrics.enabled():
            raise MiddlewareNotUsed
        from . import instruments

        self.get_response = get_response
        self.instruments = instruments
        self.next_pools = 0.0
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self.call_async(request)
        start, status = self.start(), 500
        try:
            response = self.get_response(request)
            status = response.status_code
        finally:
            self.count(request, status, start)
        return response

    async def call_async(self, request: HttpRequest) -> Any:
        start, status = self.start(), 500
        try:
            response = await self.get_response(request)
            status = response.status_code
        finally:
            self.count(request, status, start)
        return response

    def start(self) -> Start:
        tally = queries.current_tally()
        return time.perf_counter(), tally.count, tally.seconds

    def count(self, request: HttpRequest, status: int, start: Start) -> None:
        now = time.perf_counter()
        began, number, seconds = start
        match = request.resolver_match
        view = match.view_name if match else "none"
        method = request.method if request.method in METHODS else "other"
        self.instruments.REQUESTS.labels(view, method, f"{status // 100}xx").observe(
            now - began
        )
        tally = queries.current_tally()
        if tally.count > number:
            self.instruments.REQUEST_QUERIES.labels(view).inc(tally.count - number)
            self.instruments.REQUEST_QUERY_SECONDS.labels(view).inc(
                tally.seconds - seconds
            )
        if now >= self.next_pools:
            self.next_pools = now + POOL_SECONDS
            database.update_pools()
