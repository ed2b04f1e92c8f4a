"""Rate, errors and duration of requests by view, with their queries."""

import time
from collections.abc import Callable

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from plinth import metrics

from . import database

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Seconds between two updates of the pools' gauges.
POOL_SECONDS = 1


class MetricsMiddleware(MiddlewareMixin):
    """Count each request by the name of its view, its method and its class of status.

    A redirect to https and a 404 without a view count under the view "none".
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not metrics.enabled():
            raise MiddlewareNotUsed
        from . import instruments

        super().__init__(get_response)
        self.instruments = instruments
        self.next_pools = 0.0

    def process_request(self, request: HttpRequest) -> None:
        database.tally.set(database.Tally())
        request.META["metrics_started"] = time.perf_counter()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        now = time.perf_counter()
        match = request.resolver_match
        view = match.view_name if match else "none"
        method = request.method if request.method in METHODS else "other"
        status = f"{response.status_code // 100}xx"
        self.instruments.REQUESTS.labels(view, method, status).observe(
            now - request.META["metrics_started"]
        )
        if (tally := database.tally.get()) and tally.count:
            self.instruments.REQUEST_QUERIES.labels(view).inc(tally.count)
            self.instruments.REQUEST_QUERY_SECONDS.labels(view).inc(tally.seconds)
        if now >= self.next_pools:
            self.next_pools = now + POOL_SECONDS
            database.update_pools()
        return response
